"""Streaming layers with explicit state, in torch."""
