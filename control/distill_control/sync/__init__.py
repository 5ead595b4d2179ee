"""Following the beat of other programs over the network."""
