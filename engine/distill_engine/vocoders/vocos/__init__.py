"""The `vocos` vocoder: its network and the parts that only it uses."""
