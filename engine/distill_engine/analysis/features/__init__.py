"""Features of a sound, per frame or for the whole: spectral, tonal and temporal, in one table."""
