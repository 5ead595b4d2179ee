"""Notes and transposition: at what pitch and level the sound plays."""
