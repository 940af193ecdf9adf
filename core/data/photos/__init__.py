"""Photos of one's own as a data set: reading a folder or zip, the check before training, the split, and the stored set."""
