"""A model's networks as files for other programs."""
