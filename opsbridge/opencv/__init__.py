"""OpenCV's operators, for any framework's tensors; `opsbridge.opencv.dnn` has them."""
