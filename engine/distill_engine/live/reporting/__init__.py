"""What clients are told of what plays: the model with its map, the place of the sound."""
