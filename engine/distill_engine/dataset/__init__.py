"""A folder of sounds as a corpus: its files, their checks, their cached mels and their split."""
