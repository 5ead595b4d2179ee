"""Training of a latent model: settings, one step, validation, and its place in the model file."""
