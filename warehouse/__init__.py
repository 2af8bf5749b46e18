"""The warehouse: commits into DuckDB, dedupe, views."""
