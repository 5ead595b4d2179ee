"""Run networks step by step in ONNX Runtime or torch, and choose the vocoder."""
