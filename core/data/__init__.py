"""Data sets, and the tasks that are set on them: which class is normal, which images train, validate and test."""
