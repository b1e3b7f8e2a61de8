"""The files of one repository in an order in which a reader meets a thing before its use."""

from midspan.corpus.repositories.order import RepositoryOrder, order_files

__all__ = ["RepositoryOrder", "order_files"]
