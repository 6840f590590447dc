"""Paddle's operators, for any framework's tensors; `opsbridge.paddle.vision.ops` has them."""
