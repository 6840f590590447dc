"""TensorFlow's operators, for any framework's tensors; `opsbridge.tensorflow.image` has them."""
