"""Shared parts of the live benchmarks: an engine on a JACK server, its load, and a listener outside."""
