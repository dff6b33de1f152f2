"""Makes the local model's files from its published weights; needs `onnx`, which running does not."""
