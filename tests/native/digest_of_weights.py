"""Prints the level in use and a digest of gaussian weights in all their range.

The baseline asks the C library for every exponential, so its digest stands for the library's bits.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from cases import generator

from opsbridge.core.native import cpu_level
from opsbridge.core.soft_nms import SoftNmsRule, soft_nms
from opsbridge.frameworks.numpy import LAYER

CALLS, OTHERS = 400, 150


def apart_in_one(rng: np.random.Generator) -> Any:
    """A box, which is selected first, and others within it that do not meet each other."""
    cell = 32 * rng.permutation(256)[:OTHERS]
    corner = np.stack([cell % 512, cell // 512 * 32], 1) + 1.0
    others = np.concatenate([corner, corner + rng.uniform(1, 30, (OTHERS, 2))], 1)
    return np.concatenate([[[0, 0, 512, 512]], others])


def main() -> None:
    """Weights from one down to nothing: sigma decides how far down those of one call go."""
    rng = generator("gaussian weights")
    digest = hashlib.sha256()
    for _ in range(CALLS):
        dtype = rng.choice([np.float32, np.float32, np.float16, np.float64])
        boxes = apart_in_one(rng).astype(dtype)
        scores = np.concatenate([[1], rng.uniform(0.5, 0.9, OTHERS)]).astype(dtype)
        sigma = float(np.exp(rng.uniform(np.log(1e-9), np.log(10))))
        rule = SoftNmsRule(method="gaussian", exponential=str(rng.choice(["same", "float64"])))
        rows, kept = soft_nms(LAYER, boxes, scores, 0.5, sigma, 0.0, rule=rule)
        digest.update(rows.tobytes() + kept.tobytes())
    print(cpu_level(), digest.hexdigest())


if __name__ == "__main__":
    main()
