"""The JACK server and recorder of the live tests: those of the live benchmarks."""

from live_support.jack_server import JackServer, Recorder, Recording, available, forget_dead_servers

__all__ = ["JackServer", "Recorder", "Recording", "available", "forget_dead_servers"]
