"""Callbacks that follow a training: what it gave, whether it still improves, at which rate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.mindspore.callbacks import Callback, TrainingCallback, loss_of
from opsbridge.mindspore.nn.plain import plain
from opsbridge.mindspore.parameter import Parameter

__all__ = [
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ReduceLROnPlateau",
]

_MODES = ("auto", "min", "max")
_LESS_IS_BETTER = {
    "eval_loss", "hausdorff_distance", "loss", "mae", "mean_surface_distance", "mse", "perplexity",
    "root_mean_square_distance",
}  # fmt: skip


class History(TrainingCallback):
    """Keep the loss of each epoch as net_output, and the metrics of `Model.fit`, in `history`.

    `epoch` holds the numbers of the epochs.
    """

    def __init__(self) -> None:
        self.history: dict[str, list[Any]] = {}
        self.epoch: dict[str, list[int]] = {}

    def begin(self, run_context: Any) -> None:
        """Forget the training before."""
        self.history, self.epoch = {}, {"epoch": []}

    def epoch_end(self, run_context: Any) -> None:
        """Note what there is."""
        args = run_context.original_args()
        self.epoch["epoch"].append(args.get("cur_epoch_num", 1))
        measured = args.get("eval_results", {})
        found = {name: measured[name] for name in args.get("metrics", ()) if name in measured}
        for name, value in {"net_output": loss_of(args.net_outputs), **found}.items():
            self.history.setdefault(name, []).append(value)


class LambdaCallback(Callback):
    """Call functions of the run's context, each named as the event that it waits for."""

    def __init__(
        self,
        on_train_epoch_begin: Callable[[Any], Any] | None = None,
        on_train_epoch_end: Callable[[Any], Any] | None = None,
        on_train_step_begin: Callable[[Any], Any] | None = None,
        on_train_step_end: Callable[[Any], Any] | None = None,
        on_train_begin: Callable[[Any], Any] | None = None,
        on_train_end: Callable[[Any], Any] | None = None,
        on_eval_epoch_begin: Callable[[Any], Any] | None = None,
        on_eval_epoch_end: Callable[[Any], Any] | None = None,
        on_eval_step_begin: Callable[[Any], Any] | None = None,
        on_eval_step_end: Callable[[Any], Any] | None = None,
        on_eval_begin: Callable[[Any], Any] | None = None,
        on_eval_end: Callable[[Any], Any] | None = None,
    ) -> None:
        given = {name: value for name, value in locals().items() if name.startswith("on_")}
        for name, function in given.items():
            if function is not None:
                setattr(self, name, function)


class LearningRateScheduler(TrainingCallback):
    """Set the learning rate after each step to a function of the rate and the step's number."""

    def __init__(self, learning_rate_function: Callable[[float, int], float]) -> None:
        self.learning_rate_function = learning_rate_function

    def step_end(self, run_context: Any) -> None:
        """Ask for the rate of the next step."""
        args = run_context.original_args()
        rate = _rate_of(self, args.optimizer)
        rate.set_data(self.learning_rate_function(float(rate.asnumpy()), args.cur_step_num))


class _Waiting(TrainingCallback):
    """Counts the evaluations since a metric was last better than ever, by `min_delta` or more."""

    def __init__(self, monitor: str, patience: int, verbose: bool, mode: str, delta: float) -> None:
        name = type(self).__name__
        if not isinstance(monitor, str):
            raise DtypeError(f"{name}: monitor is a {type(monitor).__name__}; it must be a str")
        if mode not in _MODES:
            raise ArgumentError(f"{name}: mode is {mode!r}; allowed: {', '.join(_MODES)}")
        if isinstance(patience, bool) or not isinstance(patience, int) or patience < 0:
            raise ArgumentError(f"{name}: patience is {patience!r}; it must be an int of 0 or more")
        self.monitor, self.patience, self.verbose, self.mode = monitor, patience, verbose, mode
        is_less_better = mode == "min" or (mode == "auto" and monitor in _LESS_IS_BETTER)
        self._sign = 1 if is_less_better else -1
        self.min_delta = abs(delta)
        self.wait, self.best = 0, self._sign * np.inf

    def begin(self, run_context: Any) -> None:
        """Wait for the first value."""
        self.wait, self.best = 0, self._sign * np.inf

    def _value(self, run_context: Any) -> float | None:
        """Return the metric, or None after an epoch without an evaluation."""
        found = run_context.original_args().get("eval_results", {})
        return float(found[self.monitor]) if self.monitor in found else None

    def _improves(self, value: float, on: float) -> bool:
        return self._sign * value < self._sign * on - self.min_delta


class EarlyStopping(_Waiting):
    """Stop `Model.fit` where a metric has not become better for `patience` evaluations.

    Args:
        monitor: name of the metric; eval_loss is the loss of the last batch.
        min_delta: what counts as better, at least.
        patience: evaluations without improvement that end the training.
        verbose: say so.
        mode: whether less ("min") or more ("max") is better; "auto" takes "min" for the loss, mae,
            mse, perplexity and distances.
        baseline: what an improvement has to be better than, too, to count.
        restore_best_weights: whether the network gets back those of the best evaluation.
    """

    def __init__(
        self,
        monitor: str = "eval_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: bool = False,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
    ) -> None:
        super().__init__(monitor, patience, verbose, mode, min_delta)
        self.baseline, self.restore_best_weights = baseline, restore_best_weights
        self.stopped_epoch = 0
        self._best_weights: list[tuple[Any, Any]] = []

    def begin(self, run_context: Any) -> None:
        """Wait for the first value."""
        super().begin(run_context)
        self.stopped_epoch, self._best_weights = 0, []

    def epoch_end(self, run_context: Any) -> None:
        """Look at the metric."""
        value, args = self._value(run_context), run_context.original_args()
        if value is None:
            return
        self.wait += 1
        if self._improves(value, self.best):
            self.best = value
            if self.restore_best_weights:
                parameters = args.train_network.get_parameters()
                self._best_weights = [(each, plain(each).detach().clone()) for each in parameters]
            if self.baseline is None or self._improves(value, self.baseline):
                self.wait = 0
        if self.wait >= self.patience:
            self.stopped_epoch = args.cur_epoch_num
            run_context.request_stop()
            if self._best_weights:
                self._restore()

    def _restore(self) -> None:
        if self.verbose:
            print("Restoring model weights from the end of the best epoch.", flush=True)
        for parameter, kept in self._best_weights:
            parameter.set_data(kept)

    def end(self, run_context: Any) -> None:
        """Say where the training was stopped."""
        if self.stopped_epoch and self.verbose:
            print(f"Epoch {self.stopped_epoch:05d}: early stopping", flush=True)


class ReduceLROnPlateau(_Waiting):
    """Lower the learning rate of `Model.fit` where a metric has not become better.

    Args:
        monitor: name of the metric; eval_loss is the loss of the last batch.
        factor: what the rate is multiplied by.
        patience: evaluations without improvement before that.
        verbose: say so.
        mode: as in EarlyStopping.
        min_delta: what counts as better, at least.
        cooldown: evaluations after that which do not count.
        min_lr: below this it does not go.
    """

    def __init__(
        self,
        monitor: str = "eval_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: bool = False,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0,
    ) -> None:
        super().__init__(monitor, patience, verbose, mode, min_delta)
        if not 0 < factor < 1:
            raise ArgumentError(f"ReduceLROnPlateau: factor is {factor!r}; it must be in (0, 1)")
        self.factor, self.cooldown, self.min_lr = factor, cooldown, min_lr
        self._cooling = 0

    def begin(self, run_context: Any) -> None:
        """Wait for the first value."""
        super().begin(run_context)
        self._cooling = 0

    def epoch_end(self, run_context: Any) -> None:
        """Look at the metric."""
        value = self._value(run_context)
        if value is None:
            return
        if self._cooling:
            self._cooling -= 1
            self.wait = 0
        if self._improves(value, self.best):
            self.best, self.wait = value, 0
        elif not self._cooling:
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(run_context.original_args())

    def _reduce(self, args: Any) -> None:
        rate = _rate_of(self, args.optimizer)
        now = float(rate.asnumpy())
        if now <= self.min_lr:
            return
        lower = max(now * self.factor, self.min_lr)
        rate.set_data(lower)
        if self.verbose:
            print(f"Epoch {args.cur_epoch_num:05d}: ReduceLROnPlateau reducing learning rate"
                  f" to {np.float32(lower)!s}.", flush=True)  # fmt: skip
        self._cooling, self.wait = self.cooldown, 0


def _rate_of(callback: Callback, optimizer: Any) -> Any:
    """Return the parameter that holds the learning rate."""
    rate = optimizer.learning_rate
    if not isinstance(rate, Parameter):
        raise ArgumentError(
            f"{type(callback).__name__}: the learning rate is a {type(rate).__name__};"
            " it must be a number to be changed"
        )
    return rate
