"""The first thing that a program does with the surface, in a process of its own."""

from __future__ import annotations

import pytest
from child_process import run_python

pytest.importorskip("torch", reason="the surface computes with PyTorch")


def test_an_operator_before_anything_else() -> None:
    """As in translated code, whose tensors are PyTorch's."""
    program = "import torch, opsbridge.mindspore\n"
    program += "print(opsbridge.mindspore.ops.ReduceMean()(torch.tensor([1.0, 2.0]), 0).item())\n"
    done = run_python(program)
    assert done.stdout == "1.5\n", done.stderr
