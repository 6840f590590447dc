"""MindSpore's own operators; they run on its threads, and a call returns before they are done."""

from __future__ import annotations

from typing import Any

import mindspore

from benchmarks.inputs import Array, Inputs
from benchmarks.peers import Adapter, Call, Options
from benchmarks.peers.opsbridge import nms_with_mask, roi_align_class


def _finished(adapter: Adapter) -> Adapter:
    """The call with the wait for its result."""

    def prepare(inputs: Inputs, options: Options) -> Call:
        launch = adapter.prepare(inputs, options)

        def call() -> Any:
            result = launch()
            # On the CPU this waits for the values, and copies nothing.
            for part in result if isinstance(result, tuple) else (result,):
                part.asnumpy()
            return result

        return call

    return Adapter(prepare, adapter.read, own_threads=True)


def _tensor(array: Array) -> mindspore.Tensor:
    return mindspore.Tensor(array)


ADAPTERS = {
    "NMSWithMask": _finished(nms_with_mask(mindspore.ops.NMSWithMask, _tensor)),
    "ROIAlign": _finished(roi_align_class(mindspore.ops.ROIAlign, _tensor)),
}
