"""Latent models: mel frames to latents and back."""
