"""Both GANs: settings, networks, losses, the training loop, scoring."""
