"""The sweep into results.csv, the baselines beside it, and the tables made of it."""
