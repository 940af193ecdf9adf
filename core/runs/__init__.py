"""Training in the background: the queue, the worker, what is on disk of a run."""
