"""Native kernels: C code that computes what a graph or numpy computes, several times faster."""
