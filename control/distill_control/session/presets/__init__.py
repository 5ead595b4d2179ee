"""Presets in the control process: commands on them, and a place that moves between two."""
