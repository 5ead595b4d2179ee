"""Distill in a Python program: a model as an object, and its training."""
