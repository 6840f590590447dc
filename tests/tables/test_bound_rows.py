"""Whether nested lists may stand for a tensor is what the table of the API says."""

from __future__ import annotations

import numpy as np
import pytest

from opsbridge.errors import OpsbridgeError
from opsbridge.opencv.dnn import NMSBoxes, NMSBoxesBatched, softNMSBoxes
from opsbridge.torchvision.ops import nms

BOXES = [[0.0, 0.0, 4.0, 4.0], [8.0, 8.0, 4.0, 4.0]]
SCORES = [0.75, 0.5]


def test_rows_are_taken_where_the_table_has_them() -> None:
    np.testing.assert_array_equal(NMSBoxes(BOXES, SCORES, 0.25, 0.5), [0, 1])
    np.testing.assert_array_equal(NMSBoxesBatched(BOXES, SCORES, [0, 1], 0.25, 0.5), [0, 1])
    scores, keep = softNMSBoxes([[0, 0, 4, 4], [8, 8, 4, 4]], SCORES, 0.25, 0.5)
    np.testing.assert_array_equal(scores, SCORES)
    np.testing.assert_array_equal(keep, [0, 1])


def test_rows_are_refused_where_it_has_none() -> None:
    with pytest.raises(OpsbridgeError, match="boxes"):
        nms(BOXES, SCORES, 0.5)
