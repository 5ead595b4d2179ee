"""Build the files that ship inside the package: base vocoders and the starter."""
