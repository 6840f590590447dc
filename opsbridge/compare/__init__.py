"""`opsbridge compare`: one network on real MindSpore and ported, layer by layer."""
