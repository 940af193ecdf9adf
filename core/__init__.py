"""Anomaly detection on Fashion-MNIST with two GANs: everything that is true without a screen."""

import os

# Before torch is loaded: its threads else wait spinning, and a training step takes many times as long as soon as another
# program (a page, a second training, a test) wants one of the cores.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
