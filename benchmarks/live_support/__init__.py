"""Shared parts of the live benchmarks: an engine on a JACK server, its load, a listener."""
