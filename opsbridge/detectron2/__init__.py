"""detectron2's operators for any framework's tensors, in `layers` and `structures`."""
