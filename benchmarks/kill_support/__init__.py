"""Writers that are killed at random moments, and what must be there afterwards."""
