"""The sweep that fills results.csv, the baselines beside the GANs, and the tables made from the results."""
