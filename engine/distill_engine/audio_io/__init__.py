"""Sound cards: devices, output, capture and recording through PortAudio."""
