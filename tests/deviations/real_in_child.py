"""Runs code that may take its process down, and says how that ended."""

from __future__ import annotations

import signal
import textwrap
from dataclasses import dataclass

from child_process import run_python

PREAMBLE = {
    "torchvision": """
        import numpy as np, torch, torchvision
        def roi_align(features, rois, *args, **kwargs):
            rois = torch.tensor(rois, dtype=features.dtype)
            return torchvision.ops.roi_align(features, rois, *args, **kwargs).flatten().tolist()
    """,
    "mindspore": """
        import numpy as np, mindspore
        from mindspore import Tensor, ops
        def roi_align(features, rois, *args):
            rois = Tensor(np.array(rois, np.float32))
            return ops.ROIAlign(*args)(Tensor(features), rois).asnumpy().ravel().tolist()
        def nms(bboxes, threshold=0.5):
            results = ops.NMSWithMask(threshold)(Tensor(np.array(bboxes, np.float32)))
            return [result.asnumpy().tolist() for result in results]
    """,
}


@dataclass(frozen=True)
class Outcome:
    """How a child process ended: the last line it printed, the signal or the error it died of."""

    printed: str
    signal_name: str | None
    error: str


def run_real(framework: str, code: str) -> Outcome:
    """Run code after the framework's preamble; the last line it prints is its answer."""
    source = textwrap.dedent(PREAMBLE[framework]) + textwrap.dedent(code)
    ended = run_python(source)
    died_of = signal.Signals(-ended.returncode).name if ended.returncode < 0 else None
    lines = ended.stdout.strip().splitlines()
    return Outcome(lines[-1] if lines else "", died_of, ended.stderr)
