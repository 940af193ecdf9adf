"""Data sets, and the tasks set on them: what is normal, what trains and tests."""
