"""What the library's model files say, found fast, and what is done with these files."""
