"""What commands that make sounds share: their entry in the history, and what they say of a file."""
