"""Shared basics: errors for users, whole-file writes, text of unknown origin, and the names of things."""
