"""Training of a vocoder: settings, losses, step, validation, and its place in the model file."""
