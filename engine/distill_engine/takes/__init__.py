"""Takes: recorded performances as files."""
