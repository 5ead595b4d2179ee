"""Code that several commands share: options, output, views and checks."""
