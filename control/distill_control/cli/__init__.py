"""The commands `distill` and `distill-engine`."""
