"""Clients for other programs, generated from the vocabulary, for every model or for one."""

from distill_control.client_patches.generate import generate
from distill_control.client_patches.panel import Panel

__all__ = ["Panel", "generate"]
