"""Clients for other programs, generated from the vocabulary: what lies in `patches/`, or the same for one model."""

from distill_control.client_patches.generate import generate
from distill_control.client_patches.panel import Panel

__all__ = ["Panel", "generate"]
