"""Anomaly detection on Fashion-MNIST with two GANs: everything but the pages."""

import os

# This must be set before torch is imported. By default, torch's waiting threads spin, and a training step takes many
# times as long as soon as another program (a page, a second training, a test) uses one of the cores. If they slept at
# once, two threads would be no faster than one: a convolution ends before the other thread has woken. So they spin for
# some microseconds, then sleep.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "6000")
# The same with numpy's products, which are many and small here (one for every few pictures): two threads that wait for each
# other take longer than one. What is large enough for two is divided by whoever computes it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
