"""A folder of sounds as a corpus: discovery, checks, cache and split."""
