"""Features of a sound, frame by frame or for the whole: spectral, tonal and temporal, in one table."""
