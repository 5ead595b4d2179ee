"""What a machine can play: measured before it plays."""
