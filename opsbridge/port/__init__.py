"""Porting MindSpore code to PyTorch: its source and its checkpoints."""
