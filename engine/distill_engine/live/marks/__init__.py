"""Marks while the engine plays: placing, moving, saving and loading them."""
