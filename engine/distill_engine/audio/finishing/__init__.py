"""What is done to a whole sound before it is written: fades, loop, loudness, peak ceiling, tags."""
