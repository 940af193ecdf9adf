"""A trained model at work: watching a folder, answering over HTTP, exported to one file."""
