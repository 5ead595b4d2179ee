"""The live engine: the synth thread, its commands and its status."""
