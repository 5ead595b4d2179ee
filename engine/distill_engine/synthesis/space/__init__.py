"""Where sound comes from: places of slots and notes, a room, and the channels that they reach."""
