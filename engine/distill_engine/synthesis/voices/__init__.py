"""Voices: one stream through an instrument each, alone or as the notes of a chord."""
