"""A trained model on disk: weights, card, stored scores, and what is computed from it once."""
