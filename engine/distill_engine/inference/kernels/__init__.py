"""Networks that native kernels compute instead of a graph."""
