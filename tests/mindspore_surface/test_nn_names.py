"""Parameter names, which are the keys of checkpoints, are those of real MindSpore."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the surface computes with PyTorch")
pytest.importorskip("mindspore", reason="compares with the real MindSpore")

import mindspore

from opsbridge import mindspore as surface


def block(ms: Any, **more: Any) -> Any:
    """A Cell with a convolution, a normalisation and whatever else is given."""

    class Block(ms.nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.conv = ms.nn.Conv2d(2, 3, 3)
            self.bn = ms.nn.BatchNorm2d(3)
            for name, value in more.items():
                setattr(self, name, value)

    return Block()


def parameter(ms: Any, name: str | None = None, length: int = 2) -> Any:
    return ms.Parameter(ms.Tensor(np.zeros(length, np.float32)), name=name)


def bare_layer(ms: Any) -> Any:
    return ms.nn.BatchNorm2d(3)


def attached(ms: Any) -> Any:
    return block(ms, inner=block(ms), head=ms.nn.Dense(3, 4))


def replaced_child(ms: Any) -> Any:
    net = block(ms, feature=block(ms, end=ms.nn.Dense(3, 4)))
    net.feature.end = ms.nn.Dense(3, 9)
    return net


def replaced_parameter(ms: Any) -> Any:
    net = block(ms, feature=block(ms))
    net.feature.scale = parameter(ms)
    net.feature.shift = parameter(ms, "given")
    return net


def three_dimensions(ms: Any) -> Any:
    return block(ms, flow=block(ms, norm=ms.nn.BatchNorm3d(4), line=ms.nn.Conv1d(2, 3, 3)))


def shared_cell(ms: Any) -> Any:
    head = block(ms)
    return block(ms, first=head, second=head, levels=ms.nn.CellList([head, head]))


def shared_parameter(ms: Any) -> Any:
    first, second = ms.nn.Dense(3, 4), ms.nn.Dense(3, 4)
    second.weight = first.weight
    return block(ms, first=first, second=second)


def inserted(ms: Any) -> Any:
    net = block(ms)
    net.insert_child_to_cell("late", ms.nn.Dense(3, 4))
    net.insert_param_to_cell("scale", parameter(ms))
    return net


def without_prefix(ms: Any) -> Any:
    class Net(ms.nn.Cell):
        def __init__(self) -> None:
            super().__init__(auto_prefix=False)
            self.inner = block(ms)

    return Net()


def named_parameters(ms: Any) -> Any:
    return block(ms, free=parameter(ms), named=parameter(ms, "other"))


def tuple_of_parameters(ms: Any) -> Any:
    pair = ms.ParameterTuple([parameter(ms, "one"), parameter(ms, "two")])
    return block(ms, inner=block(ms, pair=pair))


def list_of_cells(ms: Any) -> Any:
    return block(ms, cells_not_held=[ms.nn.Dense(3, 4)], held=ms.nn.CellList([ms.nn.Dense(3, 4)]))


def rows(ms: Any) -> Any:
    named = OrderedDict(first=block(ms), second=ms.nn.Dense(3, 4))
    return block(
        ms,
        row=ms.nn.SequentialCell([block(ms), ms.nn.ReLU(), ms.nn.Dense(3, 4)]),
        named=ms.nn.SequentialCell(named),
        several=ms.nn.SequentialCell(block(ms), ms.nn.Dense(3, 4)),
    )


def changed_rows(ms: Any) -> Any:
    net = block(ms, row=ms.nn.SequentialCell([block(ms), ms.nn.Dense(3, 4)]))
    net.row.append(ms.nn.Dense(4, 5))
    net.row[1] = ms.nn.Dense(3, 7)
    del net.row[0]
    return net


def changed_lists(ms: Any) -> Any:
    cells = ms.nn.CellList([block(ms), ms.nn.Dense(3, 4)])
    net = block(ms, cells_held=cells)
    cells.append(ms.nn.Dense(4, 5))
    cells.insert(1, ms.nn.Dense(8, 9))
    cells.extend([ms.nn.Dense(5, 6)])
    cells[0] = ms.nn.Dense(2, 2)
    del cells[1]
    return net


def sliced(ms: Any) -> Any:
    row = ms.nn.SequentialCell([block(ms), ms.nn.ReLU(), ms.nn.Dense(3, 4)])
    return block(ms, row=row, last=row[2], part=row[:2])


def dictionary(ms: Any) -> Any:
    return block(ms, heads=ms.nn.CellDict({"box": ms.nn.Dense(3, 4), "mask": block(ms)}))


def recurrent(ms: Any) -> Any:
    return block(ms, lstm=ms.nn.LSTM(2, 3, num_layers=2, bidirectional=True))


def with_loss(ms: Any) -> Any:
    return ms.nn.WithLossCell(replaced_child(ms), ms.nn.MSELoss())


def in_training(ms: Any) -> Any:
    net = ms.nn.WithLossCell(replaced_child(ms), ms.nn.MSELoss())
    return ms.nn.TrainOneStepCell(net, ms.nn.Momentum(net.trainable_params(), 0.1, 0.9))


def in_own_wrapper(ms: Any) -> Any:
    return block(ms, network=replaced_child(ms))


def with_adam(ms: Any) -> Any:
    net = attached(ms)
    return ms.nn.TrainOneStepCell(net, ms.nn.Adam(net.trainable_params(), [0.1, 0.2]))


NETS: list[Callable[[Any], Any]] = [
    bare_layer, attached, replaced_child, replaced_parameter, three_dimensions, shared_cell,
    shared_parameter, inserted, without_prefix, named_parameters, tuple_of_parameters,
    list_of_cells, rows, changed_rows, changed_lists, sliced, dictionary, recurrent, with_loss,
    in_training, in_own_wrapper, with_adam,
]  # fmt: skip


def names(net: Any) -> list[tuple[str, str, tuple[int, ...], bool]]:
    """What a checkpoint stores; integers, such as the step, are never trained by PyTorch."""
    return [
        (path, each.name, tuple(each.shape), each.requires_grad and "Int" not in repr(each))
        for path, each in net.parameters_and_names()
    ]


@pytest.mark.parametrize("make", NETS, ids=lambda make: make.__name__)
def test_parameters_are_named_as_real_ones(make: Callable[[Any], Any]) -> None:
    real, ours = names(make(mindspore)), names(make(surface))
    generated = "Parameter#"
    assert [each for each in ours if generated not in each[1]] == [
        each for each in real if generated not in each[1]
    ]
    assert len(ours) == len(real)


# Layers of MindSpore that are made of others have Cells that ours do without.
ONLY_OWN_CELLS = [make for make in NETS if make not in (recurrent, in_training, with_adam)]


@pytest.mark.parametrize("make", ONLY_OWN_CELLS, ids=lambda make: make.__name__)
def test_cells_are_the_real_ones(make: Callable[[Any], Any]) -> None:
    def shape(ms: Any) -> Any:
        net = make(ms)
        return (
            [(path, type(cell).__name__) for path, cell in net.cells_and_names()],
            list(net.name_cells()),
            len(net.trainable_params()),
            len(net.untrainable_params()),
        )

    assert shape(surface) == shape(mindspore)
