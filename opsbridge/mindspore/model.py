"""`Model`: a network, its loss and its optimizer, trained over an iterable of batches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.amp import build_train_network
from opsbridge.mindspore.callbacks import Callbacks, RunContext, RunParameters
from opsbridge.mindspore.nn.wrap import WithEvalCell, WithLossCell

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
        amp_level: mixed precision of the training, as auto_mixed_precision has it.
        boost_level: ignored.
        settings: loss_scale_manager, keep_batchnorm_fp32 and cast_model_type, as
            build_train_network takes them.
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
        **settings: Any,
    ) -> None:
        self._network, self._metrics = network, dict(metrics or {})
        self._eval_network, self._eval_indexes = eval_network, eval_indexes
        if eval_network is None and loss_fn is not None:
            self._eval_network = WithEvalCell(network, loss_fn)
        self._loss_fn, self._optimizer = loss_fn, optimizer
        if optimizer is not None:
            self._train_network = build_train_network(
                network, optimizer, loss_fn, amp_level, **settings
            )
        else:
            self._train_network = network if loss_fn is None else WithLossCell(network, loss_fn)

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
        """Train over the batches `epoch` times; return the results of every step.

        A batch is a tuple of inputs, or a mapping whose values are. Callbacks are told what
        happens; the other arguments are ignored.
        """
        told, results = Callbacks(callbacks), []
        args = RunParameters(
            mode="train", train_network=self._train_network, network=self._network,
            loss_fn=self._loss_fn, optimizer=self._optimizer, epoch_num=epoch,
            batch_num=_length(train_dataset), cur_step_num=0,
            train_dataset=train_dataset, list_callback=told.all, dataset_sink_mode=False,
            parallel_mode="stand_alone", device_number=1,
        )  # fmt: skip
        context = RunContext(args)
        self._train_network.train()
        told.tell("begin", context)
        for args.cur_epoch_num in range(initial_epoch + 1, epoch + 1):
            told.tell("epoch_begin", context)
            for batch in _batches(train_dataset):
                args.cur_step_num += 1
                args.train_dataset_element = batch
                told.tell("step_begin", context)
                args.net_outputs = self._train_network(*_inputs(batch))
                results.append(args.net_outputs)
                told.tell("step_end", context)
                if context.get_stop_requested():
                    break
            told.tell("epoch_end", context)
            if context.get_stop_requested():
                break
        told.tell("end", context)
        return results

    def eval(
        self, valid_dataset: Iterable[Any], callbacks: Any = None, dataset_sink_mode: bool = False
    ) -> dict[str, Any]:
        """Return the metrics over all batches."""
        if not self._metrics or self._eval_network is None:
            raise ArgumentError("Model.eval: metrics and a loss_fn or eval_network are needed")
        for metric in self._metrics.values():
            metric.clear()
        self._eval_network.train(False)
        for batch in _batches(valid_dataset):
            outputs = self._eval_network(*_inputs(batch))
            chosen = self._eval_indexes or ([1, 2] if len(outputs) == 3 else range(len(outputs)))
            for metric in self._metrics.values():
                metric.update(*(outputs[index] for index in chosen))
        return {name: metric.eval() for name, metric in self._metrics.items()}

    def predict(self, *predict_data: Any) -> Any:
        """Return the network's outputs in evaluation mode."""
        self._network.train(False)
        return self._network(*predict_data)


def _batches(dataset: Any) -> Iterable[Any]:
    """Return the batches of a dataset: MindSpore's makes an iterator, others are one."""
    make = getattr(dataset, "create_tuple_iterator", None)
    return make() if make is not None else dataset  # type: ignore[no-any-return]


def _length(dataset: Any) -> int:
    """Return the number of batches of a dataset that can be asked for it; else 1."""
    size = getattr(dataset, "get_dataset_size", None)
    if size is not None:
        return int(size())
    return len(dataset) if hasattr(dataset, "__len__") else 1


def _inputs(batch: Any) -> tuple[Any, ...]:
    if isinstance(batch, Mapping):
        return tuple(batch.values())
    return tuple(batch) if isinstance(batch, tuple | list) else (batch,)
