"""The live engine: the synth thread, the commands it carries out and the status it publishes."""
