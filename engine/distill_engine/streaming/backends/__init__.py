"""Where a step of a network is computed: ONNX Runtime on the CPU, torch on CUDA and MPS, behind one interface."""
