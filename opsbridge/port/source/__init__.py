"""`opsbridge port`: MindSpore source to PyTorch source, by the port tables; it runs nothing."""
