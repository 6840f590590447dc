"""The operators of MMDetection 1 (2019); `opsbridge.mmdet.ops` has them."""
