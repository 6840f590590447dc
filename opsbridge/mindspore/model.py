"""`Model`: a network, its loss and its optimizer, trained over an iterable of batches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.nn.wrap import TrainOneStepCell, WithEvalCell, WithLossCell

__all__ = ["Model"]


class Model:
    """Train, evaluate and predict with a network.

    Args:
        network: a Cell; with `optimizer` and without `loss_fn`, one that returns the loss, or that
            trains itself where there is no optimizer either.
        loss_fn: called with the outputs and the labels.
        optimizer: an Optimizer of the network's parameters.
        metrics: name -> object with `clear`, `update(outputs, label)` and `eval`.
        eval_network: a Cell that returns what the metrics take; by default (outputs, label).
        eval_indexes: which of its outputs they are.
        amp_level: only "O0": no mixed precision.
        boost_level: ignored.
    """

    def __init__(
        self,
        network: Any,
        loss_fn: Any = None,
        optimizer: Any = None,
        metrics: Mapping[str, Any] | None = None,
        eval_network: Any = None,
        eval_indexes: list[int] | None = None,
        amp_level: str = "O0",
        boost_level: str = "O0",
    ) -> None:
        if amp_level != "O0":
            raise ArgumentError(f'Model: amp_level is {amp_level!r}; opsbridge covers "O0"')
        self._network, self._metrics = network, dict(metrics or {})
        self._eval_network, self._eval_indexes = eval_network, eval_indexes
        if eval_network is None and loss_fn is not None:
            self._eval_network = WithEvalCell(network, loss_fn)
        with_loss = network if loss_fn is None else WithLossCell(network, loss_fn)
        self._train_network = (
            with_loss if optimizer is None else TrainOneStepCell(with_loss, optimizer)
        )

    @property
    def train_network(self) -> Any:
        """The network with its loss and optimizer."""
        return self._train_network

    @property
    def predict_network(self) -> Any:
        """The network alone."""
        return self._network

    def train(
        self,
        epoch: int,
        train_dataset: Iterable[Any],
        callbacks: Any = None,
        dataset_sink_mode: bool = False,
        sink_size: int = -1,
        initial_epoch: int = 0,
    ) -> list[Any]:
        """Train over the batches `epoch` times; return the loss of every step.

        A batch is a tuple of inputs, or a mapping whose values are. Callbacks of MindSpore are not
        covered; the other arguments are ignored.
        """
        if callbacks:
            raise ArgumentError("Model.train: callbacks are not covered by opsbridge")
        self._train_network.set_train()
        return [
            self._train_network(*_inputs(batch))
            for _ in range(initial_epoch, epoch)
            for batch in _batches(train_dataset)
        ]

    def eval(
        self, valid_dataset: Iterable[Any], callbacks: Any = None, dataset_sink_mode: bool = False
    ) -> dict[str, Any]:
        """Return the metrics over all batches."""
        if not self._metrics or self._eval_network is None:
            raise ArgumentError("Model.eval: metrics and a loss_fn or eval_network are needed")
        for metric in self._metrics.values():
            metric.clear()
        self._eval_network.set_train(False)
        for batch in _batches(valid_dataset):
            outputs = self._eval_network(*_inputs(batch))
            chosen = self._eval_indexes or ([1, 2] if len(outputs) == 3 else range(len(outputs)))
            for metric in self._metrics.values():
                metric.update(*(outputs[index] for index in chosen))
        return {name: metric.eval() for name, metric in self._metrics.items()}

    def predict(self, *predict_data: Any) -> Any:
        """Return the network's outputs in evaluation mode."""
        self._network.set_train(False)
        return self._network(*predict_data)


def _batches(dataset: Any) -> Iterable[Any]:
    """Return the batches of a dataset: MindSpore's makes an iterator, others are one."""
    make = getattr(dataset, "create_tuple_iterator", None)
    return make() if make is not None else dataset  # type: ignore[no-any-return]


def _inputs(batch: Any) -> tuple[Any, ...]:
    if isinstance(batch, Mapping):
        return tuple(batch.values())
    return tuple(batch) if isinstance(batch, tuple | list) else (batch,)
