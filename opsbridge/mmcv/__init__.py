"""The operators of MMCV; `opsbridge.mmcv.ops` has them."""
