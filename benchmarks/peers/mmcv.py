"""MMCV's CPU operators nms and soft_nms, compiled from its source distribution.

The registry has no wheel with operators, and the whole package takes very long to compile, so this
compiles the one file. The variable OPSBRIDGE_BENCH_MMCV names the archive, `mmcv-2.2.0.tar.gz`; the
tox environment `bench` fetches it.
"""

from __future__ import annotations

import os
import tarfile
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from benchmarks.inputs import Array, Inputs
from benchmarks.peers import Adapter, Call, Options
from benchmarks.peers.shaped import indices

ARCHIVE = "OPSBRIDGE_BENCH_MMCV"
SOURCES = """
#include "pytorch/cpu/nms.cpp"
#include "pytorch/nms.cpp"
"""
METHODS = {"linear": 1, "gaussian": 2}

set_threads = torch.set_num_threads


def _compiled() -> ModuleType:
    archive = Path(os.environ.get(ARCHIVE, ""))
    if not archive.is_file():
        raise ImportError(f"{ARCHIVE} names no source archive of mmcv")
    # Compiled once, beside the archive.
    folder = archive.parent / archive.name.removesuffix(".tar.gz")
    if not folder.is_dir():
        with tarfile.open(archive) as opened:
            opened.extractall(archive.parent, filter="data")
    built = archive.parent / f"built-{torch.__version__}"
    built.mkdir(exist_ok=True)
    kernels = folder / "mmcv" / "ops" / "csrc"
    try:
        from torch.utils.cpp_extension import load_inline

        return load_inline(
            "opsbridge_bench_mmcv",
            SOURCES,
            functions=["nms", "softnms"],
            extra_include_paths=[str(kernels), str(kernels / "common")],
            extra_cflags=["-O3"],
            build_directory=str(built),
        )
    except (OSError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise ImportError(f"does not compile: {reason}") from error


def _nms(inputs: Inputs, options: Options) -> Call:
    boxes, scores = torch.from_numpy(inputs["boxes"]), torch.from_numpy(inputs["scores"])
    return partial(_module.nms, boxes, scores, options["iou_threshold"], 0)


def _soft_nms(inputs: Inputs, options: Options) -> Call:
    boxes, scores = torch.from_numpy(inputs["boxes"]), torch.from_numpy(inputs["scores"])
    settings = [options[name] for name in ("iou_threshold", "sigma", "min_score")]
    method = METHODS[options["method"]]

    def call() -> tuple[torch.Tensor, torch.Tensor]:
        """As mmcv.ops.soft_nms does it."""
        scored = boxes.new_empty((len(boxes), 5))
        kept = _module.softnms(boxes, scores, scored, *settings, method, 0)
        return scored[: len(kept)], kept

    return call


def _scored(result: Any, inputs: Inputs) -> dict[str, Array]:
    return {"indices": result[1].numpy(), "scores": result[0][:, 4].numpy()}


_module = _compiled()
VERSION = Path(os.environ[ARCHIVE]).name.removeprefix("mmcv-").removesuffix(".tar.gz")
ADAPTERS = {"nms": Adapter(_nms, indices), "soft_nms": Adapter(_soft_nms, _scored)}
