"""Anomaly detection on Fashion-MNIST with two GANs: everything that is true without a screen."""

import os

# Before torch is loaded. Its threads else wait spinning, and a training step takes many times as long as soon as another
# program (a page, a second training, a test) wants one of the cores. Asleep at once, though, two threads are no faster
# than one: a convolution ends before the other thread has woken. So they spin for some microseconds, then sleep.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "6000")
