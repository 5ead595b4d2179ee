"""Synthesis from parameters to samples: sources, steering, voices, blending, output stage.

Live playing and offline rendering both use it.
"""
