"""Sound as arrays: files, levels, resampling and mel spectrograms."""
