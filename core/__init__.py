"""Anomaly detection on Fashion-MNIST with two GANs: everything that is true without a screen."""
