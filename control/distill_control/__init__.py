"""Everything by which a person or a program steers the engine."""
