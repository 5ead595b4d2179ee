"""The workshop: a server of its own that runs Distill's commands as jobs."""
