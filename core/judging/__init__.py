"""A person's own picture: brought to the model's shape, scored, judged."""
