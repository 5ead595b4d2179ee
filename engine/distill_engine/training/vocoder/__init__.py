"""Training of a vocoder: settings, losses, discriminators, one step, validation, and the file that it becomes."""
