"""A package of one function, and a test of it."""

SOURCE = "def larger(a, b):\n    return a if a > b else b\n"
TEST = "from opsbridge.pick import larger\n\ndef test_larger():\n    assert larger(1, 2) == 2\n"
