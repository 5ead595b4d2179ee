"""Decode sound files as players do: to their end, whatever their headers say, and behind damage."""
