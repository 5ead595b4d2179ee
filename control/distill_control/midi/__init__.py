"""MIDI: ports, controllers, maps, MIDI learn and feedback to controllers."""
