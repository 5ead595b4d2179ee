"""Analysis of a trained model: features, controls, the map and the level surface."""
