"""Functions that cells call with arrays: what hands its arguments to NumPy stays NumPy's."""

from __future__ import annotations

import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")

from opsbridge.port.source.translate import translate_text

SOURCE = """
import numpy as np
from mindspore import nn


def chosen(boxes, limit):
{body}
    return boxes.max()


class Net(nn.Cell):
    def construct(self, x, y):
        return chosen(x, y)
"""
OF_ARRAYS = "return boxes.max()"
OF_TENSORS = "return opsbridge.mindspore.Tensor.max(boxes)"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("order = np.argsort(boxes[:, 0])", OF_ARRAYS),
        ("left = boxes[:, 0]\norder = np.argsort(left)", OF_ARRAYS),
        ("left, top = boxes[:, 0], boxes[:, 1]\norder = np.argsort(boxes)", OF_ARRAYS),
        ("left = boxes[:, 0]\nempty = np.zeros(boxes.shape)", OF_TENSORS),
        ("left = boxes[:, 0]\nrange(limit)", OF_TENSORS),
        ("order = np.argsort(boxes)", OF_TENSORS),
        ("left = limit[0][:, 0]\norder = np.argsort(boxes[0])", OF_TENSORS),
    ],
)
def test_what_is_indexed_and_given_to_numpy_is_an_array(body: str, expected: str) -> None:
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    text = translate_text(SOURCE.format(body=lines))
    assert text.partition("class Net")[0].splitlines()[-3].strip() == expected
