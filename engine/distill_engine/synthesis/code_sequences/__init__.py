"""Sequences of codes while an instrument plays: what its file holds of them, and their edits."""
