"""What moves the sound: sources of latents, their bank, and the live input."""
