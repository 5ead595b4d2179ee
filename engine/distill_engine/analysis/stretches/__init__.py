"""What real stretches of a corpus need: skeleton, path, and controls that follow from frames."""
