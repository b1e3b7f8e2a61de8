"""Text-to-SQL: databases out of PostgreSQL's dumps, queries run apart from everything, results compared."""
