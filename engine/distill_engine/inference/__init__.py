"""Networks that run step by step: ONNX Runtime or torch behind one interface, and the choice of the vocoder."""
