"""`Model`: a network, its loss and its optimizer, trained over an iterable of batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from opsbridge.errors import ArgumentError
from opsbridge.mindspore import callbacks as callbacks_module
from opsbridge.mindspore import monitors
from opsbridge.mindspore.amp import build_train_network
from opsbridge.mindspore.callbacks import Callbacks, RunContext, RunParameters, loss_of
from opsbridge.mindspore.metrics import Loss
from opsbridge.mindspore.named_metrics import get_metrics
from opsbridge.mindspore.nn.wrap import WithEvalCell, WithLossCell

__all__ = ["Model"]

_OLDER_EVENTS = {"begin", "end", "epoch_begin", "epoch_end", "step_begin", "step_end"}
_CALLBACKS_OF_MINDSPORE = {*callbacks_module.__all__, *monitors.__all__}


class Model:
    """Train, evaluate and predict with a network.

    Args:
        network: a Cell; with `optimizer` and without `loss_fn`, one that returns the loss, or that
            trains itself where there is no optimizer either.
        loss_fn: called with the outputs and the labels.
        optimizer: an Optimizer of the network's parameters.
        metrics: a set of names, or name -> object with `clear`, `update` and `eval`. The measure
            `Loss` takes the loss, others outputs and labels.
        eval_network: a Cell that returns what the metrics take; by default (loss, outputs, labels).
        eval_indexes: where it returns the loss, the outputs and the labels; without them every
            measure takes all that it returns.
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
        metrics: Mapping[str, Any] | set[str] | None = None,
        eval_network: Any = None,
        eval_indexes: list[int] | None = None,
        amp_level: str = "O0",
        boost_level: str = "O0",
        **settings: Any,
    ) -> None:
        named = get_metrics(metrics) if isinstance(metrics, set) else metrics
        self._network, self._metrics = network, dict(named or {})
        self._eval_network, self._eval_indexes = eval_network, eval_indexes
        if eval_network is None and loss_fn is not None:
            self._eval_network, self._eval_indexes = WithEvalCell(network, loss_fn), [0, 1, 2]
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
        return self._train(epoch, train_dataset, callbacks, initial_epoch, lambda *_: None)

    def fit(
        self,
        epoch: int,
        train_dataset: Iterable[Any],
        valid_dataset: Iterable[Any] | None = None,
        valid_frequency: int | list[int] = 1,
        callbacks: Any = None,
        dataset_sink_mode: bool = False,
        valid_dataset_sink_mode: bool = False,
        sink_size: int = -1,
        initial_epoch: int = 0,
    ) -> None:
        """Train as `train` does, and evaluate at the end of epochs.

        Of `valid_frequency` epochs the last ends with an evaluation, or those that it lists. Until
        the epoch ends, callbacks find the metrics in `eval_results`, with the loss of the last
        batch as eval_loss.

        Raises:
            ArgumentError: a class of callbacks of one's own has methods of the older names, such as
                step_end, which `train` and `eval` take.
        """
        if valid_dataset is not None:
            self._check_metrics("Model.fit")
        _check_events(callbacks)
        if isinstance(valid_frequency, int) and valid_frequency < 1:
            raise ArgumentError(
                f"Model.fit: valid_frequency is {valid_frequency};"
                " it must be 1 or more, or a list of epochs"
            )

        def measure(told: Callbacks, context: RunContext) -> None:
            number = context.original_args().cur_epoch_num
            is_due = (
                number % valid_frequency == 0
                if isinstance(valid_frequency, int)
                else number in valid_frequency
            )
            if valid_dataset is not None and is_due:
                self._measure_between(valid_dataset, told, context)

        self._train(epoch, train_dataset, callbacks, initial_epoch, measure)

    def _train(
        self,
        epoch: int,
        train_dataset: Iterable[Any],
        callbacks: Any,
        initial_epoch: int,
        at_epoch_end: Callable[[Callbacks, RunContext], None],
    ) -> list[Any]:
        told, results = Callbacks(callbacks), []
        args = self._parameters(
            told, mode="train", train_network=self._train_network, epoch_num=epoch,
            batch_num=_length(train_dataset), train_dataset=train_dataset,
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
            at_epoch_end(told, context)
            told.tell("epoch_end", context)
            args.pop("eval_results", None)
            if context.get_stop_requested():
                break
        told.tell("end", context)
        return results

    def eval(
        self, valid_dataset: Iterable[Any], callbacks: Any = None, dataset_sink_mode: bool = False
    ) -> dict[str, Any]:
        """Return the metrics over all batches."""
        self._check_metrics("Model.eval")
        told = Callbacks(callbacks)
        args = self._parameters(told, mode="eval", batch_num=_length(valid_dataset))
        return self._measure(valid_dataset, told, RunContext(args))

    def _check_metrics(self, caller: str) -> None:
        if not self._metrics or self._eval_network is None:
            raise ArgumentError(f"{caller}: metrics and a loss_fn or eval_network are needed")

    def _parameters(self, told: Callbacks, **own: Any) -> RunParameters:
        """Return what callbacks find in any run, and what is of this one."""
        return RunParameters(
            network=self._network, loss_fn=self._loss_fn, optimizer=self._optimizer,
            eval_network=self._eval_network, metrics=self._metrics, cur_step_num=0,
            list_callback=told.all, dataset_sink_mode=False, parallel_mode="stand_alone",
            device_number=1, **own,
        )  # fmt: skip

    def _measure_between(
        self, dataset: Iterable[Any], told: Callbacks, context: RunContext
    ) -> None:
        """Evaluate within a training; callbacks find its own parameters again afterwards."""
        args = context.original_args()
        training = {name: args[name] for name in ("mode", "cur_step_num", "batch_num")}
        outputs = args.get("net_outputs")
        args.update(mode="eval", cur_step_num=0, batch_num=_length(dataset), eval_results={})
        self._measure(dataset, told, context)
        args.update(training, net_outputs=outputs)
        self._train_network.train()

    def _measure(
        self, dataset: Iterable[Any], told: Callbacks, context: RunContext
    ) -> dict[str, Any]:
        """Return the metrics over all batches; where a training waits, it finds them, too."""
        args = context.original_args()
        for metric in self._metrics.values():
            metric.clear()
        self._eval_network.train(False)
        told.tell("begin", context)
        told.tell("epoch_begin", context)
        for batch in _batches(dataset):
            args.cur_step_num += 1
            told.tell("step_begin", context)
            args.net_outputs = outputs = self._eval_network(*_inputs(batch))
            told.tell("step_end", context)
            for metric in self._metrics.values():
                metric.update(*self._of(metric, outputs))
        told.tell("epoch_end", context)
        found = {name: metric.eval() for name, metric in self._metrics.items()}
        if "eval_results" in args:
            args.eval_results.update(found, eval_loss=loss_of(args.net_outputs))
        told.tell("end", context)
        return found

    def _of(self, metric: Any, outputs: Any) -> Any:
        """Return what a measure takes of the outputs; all of them, if it chooses itself."""
        if self._eval_indexes is None or getattr(metric, "indexes", None):
            return outputs
        loss, *others = self._eval_indexes
        chosen = [loss] if isinstance(metric, Loss) else others
        return [outputs[index] for index in chosen]

    def predict(self, *predict_data: Any) -> Any:
        """Return the network's outputs in evaluation mode."""
        self._network.train(False)
        return self._network(*predict_data)


def _batches(dataset: Any) -> Iterable[Any]:
    """Return the batches of a dataset: MindSpore's makes an iterator, others are one."""
    make = getattr(dataset, "create_tuple_iterator", None)
    return make() if make is not None else dataset  # type: ignore[no-any-return]


def _check_events(callbacks: Any) -> None:
    """Refuse what MindSpore's `fit` does: a callback whose own class has methods of older names."""
    for callback in callbacks if isinstance(callbacks, list) else [callbacks]:
        kind = type(callback)
        older = sorted(_OLDER_EVENTS & vars(kind).keys())
        if older and kind.__name__ not in _CALLBACKS_OF_MINDSPORE:
            raise ArgumentError(
                f"Model.fit: callbacks has a {kind.__name__} with the methods {', '.join(older)};"
                " fit takes those of the newer names only, on_train_... and on_eval_..."
            )


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
