"""Hostile files, crashes and crowds. All of it: `make torture`; a fast share of each part is in the test suite."""
