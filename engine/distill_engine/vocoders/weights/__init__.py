"""Published and added vocoder weights: find, download, convert, load."""
