"""Callbacks of `Model.train`: the base, the usual monitors, and saving checkpoints."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.serialization import save_checkpoint

__all__ = [
    "Callback",
    "CheckpointConfig",
    "LossMonitor",
    "ModelCheckpoint",
    "RunContext",
    "TimeMonitor",
]


class RunParameters(dict[str, Any]):
    """What is known of a training, as keys and as attributes."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the callback's parameters have no {name}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value


class RunContext:
    """What a callback gets: the parameters of the training, and the way to stop it."""

    def __init__(self, original_args: Any) -> None:
        self._original_args = original_args
        self._stop_requested = False

    def original_args(self) -> Any:
        """Return the parameters: cur_epoch_num, cur_step_num, batch_num, net_outputs and more."""
        return self._original_args

    def request_stop(self) -> None:
        """Let the training end after this step."""
        self._stop_requested = True

    def get_stop_requested(self) -> bool:
        """Return whether the training is to end."""
        return self._stop_requested


class Callback:
    """The base of all callbacks; those of newer names call those of older ones.

    Example:
        >>> class Count(Callback):
        ...     steps = 0
        ...     def step_end(self, run_context):
        ...         self.steps += 1
    """

    def __enter__(self) -> Callback:
        return self

    def __exit__(self, *error: object) -> None:
        """Keep nothing open."""

    def begin(self, run_context: Any) -> None:
        """Called before everything."""

    def epoch_begin(self, run_context: Any) -> None:
        """Called before each epoch."""

    def epoch_end(self, run_context: Any) -> None:
        """Called after each epoch."""

    def step_begin(self, run_context: Any) -> None:
        """Called before each step."""

    def step_end(self, run_context: Any) -> None:
        """Called after each step."""

    def end(self, run_context: Any) -> None:
        """Called after everything."""

    def on_train_begin(self, run_context: Any) -> None:
        """Called before the training."""
        self.begin(run_context)

    def on_train_epoch_begin(self, run_context: Any) -> None:
        """Called before each epoch of the training."""
        self.epoch_begin(run_context)

    def on_train_epoch_end(self, run_context: Any) -> None:
        """Called after each epoch of the training."""
        self.epoch_end(run_context)

    def on_train_step_begin(self, run_context: Any) -> None:
        """Called before each step of the training."""
        self.step_begin(run_context)

    def on_train_step_end(self, run_context: Any) -> None:
        """Called after each step of the training."""
        self.step_end(run_context)

    def on_train_end(self, run_context: Any) -> None:
        """Called after the training."""
        self.end(run_context)

    def on_eval_begin(self, run_context: Any) -> None:
        """Called before an evaluation."""
        self.begin(run_context)

    def on_eval_epoch_begin(self, run_context: Any) -> None:
        """Called before the batches of an evaluation."""
        self.epoch_begin(run_context)

    def on_eval_epoch_end(self, run_context: Any) -> None:
        """Called after the batches of an evaluation."""
        self.epoch_end(run_context)

    def on_eval_step_begin(self, run_context: Any) -> None:
        """Called before each batch of an evaluation."""
        self.step_begin(run_context)

    def on_eval_step_end(self, run_context: Any) -> None:
        """Called after each batch of an evaluation."""
        self.step_end(run_context)

    def on_eval_end(self, run_context: Any) -> None:
        """Called after an evaluation."""
        self.end(run_context)


class TrainingCallback(Callback):
    """One that steps of an evaluation do not concern."""

    def on_eval_begin(self, run_context: Any) -> None:
        """Do nothing."""

    on_eval_epoch_begin = on_eval_epoch_end = on_eval_begin
    on_eval_step_begin = on_eval_step_end = on_eval_end = on_eval_begin


class Callbacks:
    """Several callbacks, told of every event in their order."""

    def __init__(self, callbacks: Any) -> None:
        given = callbacks if isinstance(callbacks, Iterable) else [callbacks]
        self.all = [each for each in given if each is not None]
        for each in self.all:
            if not isinstance(each, Callback):
                raise ArgumentError(f"Model: callbacks has a {type(each).__name__}")

    def tell(self, event: str, context: RunContext) -> None:
        """Call the method of an event of the mode that runs, such as ``step_end``."""
        mode = context.original_args().mode
        for each in self.all:
            getattr(each, f"on_{mode}_{event}")(context)


class LossMonitor(TrainingCallback):
    """Print the loss, and what `Model.fit` measures; an error if the loss is no finite number.

    Args:
        per_print_times: how many steps lie between two lines; 0 prints nothing.
    """

    def __init__(self, per_print_times: int = 1) -> None:
        if not isinstance(per_print_times, int) or per_print_times < 0:
            raise ArgumentError(
                f"LossMonitor: per_print_times is {per_print_times!r}; it must be 0 or more"
            )
        self._per_print_times = per_print_times
        self._last_print_time = 0

    def step_end(self, run_context: Any) -> None:
        """Look at the loss and print it where it is due."""
        args = run_context.original_args()
        loss = loss_of(args.net_outputs)
        epoch = args.get("cur_epoch_num", 1)
        step = (args.cur_step_num - 1) % args.batch_num + 1
        if isinstance(loss, float) and not np.isfinite(loss):
            raise ArgumentError(f"In epoch: {epoch} step: {step}, loss is NAN or INF")
        waited = args.cur_step_num - self._last_print_time
        if self._per_print_times and waited >= self._per_print_times:
            self._last_print_time = args.cur_step_num
            print(f"epoch: {epoch} step: {step}, loss is {loss}", flush=True)

    def on_train_epoch_end(self, run_context: Any) -> None:
        """Print the metrics of an evaluation after the epoch."""
        super().on_train_epoch_end(run_context)
        args = run_context.original_args()
        found = {name: args.get("eval_results", {}).get(name) for name in args.get("metrics", ())}
        if args.get("eval_results"):
            print(f"Eval result: epoch {args.cur_epoch_num}, metrics: {found}", flush=True)


class TimeMonitor(Callback):
    """Print how long each epoch and its steps take.

    Args:
        data_size: the steps of an epoch, where the training does not know them.
        data_time: ignored; the time to get data is not measured.
    """

    def __init__(self, data_size: int | None = None, data_time: bool = False) -> None:
        self.data_size, self.epoch_time = data_size, 0.0

    def epoch_begin(self, run_context: Any) -> None:
        """Look at the clock."""
        self.epoch_time = time.time()

    def epoch_end(self, run_context: Any) -> None:
        """Print the time since then."""
        args = run_context.original_args()
        spent = (time.time() - self.epoch_time) * 1000
        steps = args.get("batch_num") or self.data_size or 1
        mode = args.get("mode", "").title()
        print(
            f"{mode} epoch time: {spent:5.3f} ms, per step time: {spent / steps:5.3f} ms",
            flush=True,
        )


class CheckpointConfig:
    """When checkpoints are saved and how many are kept.

    Args:
        save_checkpoint_steps: steps between two.
        save_checkpoint_seconds: seconds between two, if no steps are given.
        keep_checkpoint_max: how many of the newest stay; 0 keeps all.
        options: what more MindSpore takes; it counts for nothing here.
    """

    def __init__(
        self,
        save_checkpoint_steps: int | None = 1,
        save_checkpoint_seconds: int | None = 0,
        keep_checkpoint_max: int | None = 5,
        **options: Any,
    ) -> None:
        if not any((save_checkpoint_steps, save_checkpoint_seconds)):
            raise ArgumentError("CheckpointConfig: save_checkpoint_steps and _seconds are both 0")
        self.save_checkpoint_steps = save_checkpoint_steps
        self.save_checkpoint_seconds = 0 if save_checkpoint_steps else save_checkpoint_seconds
        self.keep_checkpoint_max = keep_checkpoint_max or 0

    def get_checkpoint_policy(self) -> dict[str, Any]:
        """Return the settings."""
        return dict(vars(self))


class ModelCheckpoint(TrainingCallback):
    """Save the network as PREFIX-EPOCH_STEP.ckpt while it is trained.

    Args:
        prefix: how the names of the files start.
        directory: where they go; by default the working folder.
        config: when, and how many are kept.
    """

    def __init__(
        self, prefix: str = "CKP", directory: str | None = None, config: Any = None
    ) -> None:
        if not isinstance(prefix, str) or "/" in prefix:
            raise ArgumentError(f"ModelCheckpoint: prefix is {prefix!r}; it must be a plain name")
        self._prefix, self._folder = prefix, Path(directory or os.getcwd())
        self._config = config or CheckpointConfig()
        self._saved: list[Path] = []
        self._last_step, self._last_time = 0, time.time()
        self.latest_ckpt_file_name = ""

    def step_end(self, run_context: Any) -> None:
        """Save where it is due."""
        args = run_context.original_args()
        steps, seconds = self._config.save_checkpoint_steps, self._config.save_checkpoint_seconds
        since = args.cur_step_num - self._last_step
        if (steps and since >= steps) or (seconds and time.time() - self._last_time >= seconds):
            self._save(args)

    def end(self, run_context: Any) -> None:
        """Save the last state, if it is not saved yet."""
        args = run_context.original_args()
        if args.cur_step_num != self._last_step:
            self._save(args)

    def _save(self, args: Any) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        step = (args.cur_step_num - 1) % args.batch_num + 1
        path = self._folder / f"{self._prefix}-{args.cur_epoch_num}_{step}.ckpt"
        save_checkpoint(args.train_network, path)
        self._last_step, self._last_time = args.cur_step_num, time.time()
        self._saved = [*(each for each in self._saved if each != path), path]
        self.latest_ckpt_file_name = str(path)
        keep = self._config.keep_checkpoint_max
        while keep and len(self._saved) > keep:
            self._saved.pop(0).unlink(missing_ok=True)


def loss_of(outputs: Any) -> Any:
    """Return the loss among the outputs of a step, as a number where it is one."""
    if isinstance(outputs, tuple | list) and outputs:
        outputs = outputs[0]
    return float(outputs.asnumpy().mean()) if hasattr(outputs, "asnumpy") else outputs
