"""Training of a latent model: settings, one step, validation, and the file that it becomes."""
