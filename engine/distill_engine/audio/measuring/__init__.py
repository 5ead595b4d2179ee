"""Measures of finished sounds: loudness, quality, and distances between two."""
