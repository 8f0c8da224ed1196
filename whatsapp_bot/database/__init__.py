"""Rows <-> records: the only room with psycopg2, pgvector and SQL."""
