"""Sounds to codes and back, offline, and pictures of codes."""
