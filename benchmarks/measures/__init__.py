"""What several benchmarks measure with: clicks, distances between sounds, vocoders, small corpora."""
