"""From parameters to samples: sources, steering, voices, blending and the output stage. Live and offline share it."""
