"""Parts of growth.py: its sounds and its picture."""
