"""Training of latent models and vocoders, and the export of their graphs."""
