"""Repositories → clean, licensed documents, each once → token shards.

Each part is imported where it stands: who reads token shards is not to wait for the rules of licences.
"""
