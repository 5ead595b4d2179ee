"""MIDI: ports, controllers, maps, learning and feedback."""
