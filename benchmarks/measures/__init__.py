"""Measures that benchmarks share: clicks, distances between sounds, vocoders, corpora."""
