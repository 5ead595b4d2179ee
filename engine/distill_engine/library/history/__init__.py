"""What the history of renders measures, finds and drops; the entries are in `library.renders`."""
