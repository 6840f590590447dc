"""MMCV's operators, for any framework's tensors."""
