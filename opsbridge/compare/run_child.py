"""Runs in a child process: one side of a comparison, its layers' outputs written to a folder.

Arguments: framework (mindspore, surface), factory, checkpoint, seed, inputs.npz, folder.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from opsbridge.checkpoints.factories import load_factory, telling_where
from opsbridge.checkpoints.inspect_child import entries
from opsbridge.checkpoints.network import expected_entry
from opsbridge.compare.weights import Weights, weights_of
from opsbridge.mindspore import as_mindspore


class Recorder:
    """Writes each output of each layer as it comes: one array is held at a time."""

    def __init__(self, folder: Path, to_numpy: Callable[[Any], Any]) -> None:
        self._folder, self._to_numpy = folder, to_numpy
        self.layers: list[dict[str, Any]] = []

    def hook(self, path: str, kind: str) -> Callable[..., None]:
        """A forward hook of the layer at a path."""

        def record(_layer: Any, _inputs: Any, output: Any) -> None:
            arrays = [self._to_numpy(each) for each in _leaves(output)]
            place = len(self.layers)
            for number, array in enumerate(arrays):
                np.save(self._folder / f"{place}_{number}.npy", array, allow_pickle=False)
            self.layers.append({"path": path, "kind": kind, "outputs": len(arrays)})

        return record


def _leaves(output: Any) -> list[Any]:
    if isinstance(output, (tuple, list)):
        return [leaf for each in output for leaf in _leaves(each)]
    return [output] if hasattr(output, "shape") else []


def run_mindspore(factory: str, weights: Weights, inputs: list[Any], folder: Path) -> Recorder:
    """The network on the real framework, without graphs."""
    import mindspore

    mindspore.set_context(mode=mindspore.PYNATIVE_MODE, device_target="CPU")
    network = load_factory(factory)()
    network.set_train(False)
    for parameter in network.get_parameters():
        value = weights(parameter.name, tuple(parameter.shape))
        parameter.set_data(mindspore.Tensor(value, parameter.dtype))
    recorder = Recorder(folder, lambda tensor: tensor.asnumpy())
    for path, cell in network.cells_and_names():
        cell.register_forward_hook(recorder.hook(path, type(cell).__name__))
    network(*[mindspore.Tensor(each) for each in inputs])
    return recorder


def run_torch(factory: str, weights: Weights, inputs: list[Any], folder: Path) -> Recorder:
    """The network on PyTorch: on opsbridge's surface, or translated."""
    import torch

    with as_mindspore(), torch.no_grad():
        network = load_factory(factory)()
        network.eval()
        state = network.state_dict(keep_vars=True)
        for each in map(expected_entry, entries(network)):
            if each.saved_as and each.tied_to == each.key:
                value = weights(each.saved_as, each.saved_shape).reshape(each.shape)
                state[each.key].data.copy_(torch.from_numpy(value))
        recorder = Recorder(folder, lambda tensor: tensor.detach().cpu().numpy())
        for path, module in network.named_modules():
            module.register_forward_hook(recorder.hook(path, type(module).__name__))
        network(*[torch.from_numpy(each) for each in inputs])
    return recorder


def main(framework: str, factory: str, checkpoint: str, seed: str, inputs: str, out: str) -> None:
    """Run one side and write what it gave."""
    with np.load(inputs, allow_pickle=False) as stored:
        arrays = [stored[name] for name in stored.files]
    run = run_mindspore if framework == "mindspore" else run_torch
    with telling_where():
        recorder = run(factory, weights_of(checkpoint, int(seed)), arrays, Path(out))
    Path(out, "layers.json").write_text(json.dumps(recorder.layers), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
