"""Marks that a player places by hand on a plane: what lies between them, and what plays of it."""
