"""Training: rows from a SQL view to a checkpoint, completions and measures."""
