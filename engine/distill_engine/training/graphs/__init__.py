"""Runtime graphs of model files: export from torch, the skeleton's own, renewal."""
