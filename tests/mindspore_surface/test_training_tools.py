"""Training as the scripts of detectors do it, on real MindSpore and on the surface alike."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the surface computes with PyTorch")

from two_frameworks import on

from opsbridge.errors import ArgumentError, DtypeError

FRAMEWORKS = ("real", "surface")


def on_both(run: Callable[[Any], Any]) -> list[Any]:
    """What a function of the framework gives on each."""
    pytest.importorskip("mindspore", reason="compares with the real MindSpore")
    results = []
    for name in FRAMEWORKS:
        with on(name) as framework:
            results.append(run(framework))
    return results


def is_real(framework: Any) -> bool:
    """Whether it is MindSpore itself: the surface is in no file of this name."""
    return hasattr(framework, "__file__")


def values(*shape: int, seed: int) -> Any:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def dense(ms: Any) -> Any:
    """A layer with fixed weights."""
    return ms.nn.Dense(3, 2, ms.Tensor(values(2, 3, seed=1)), ms.Tensor(values(2, seed=2)))


def batches(ms: Any, wrong: int = -1) -> list[Any]:
    """Inputs and targets of four steps; those of step `wrong` overflow in half precision."""
    steps = []
    for step in range(4):
        x, y = values(5, 3, seed=step), values(5, 2, seed=10 + step)
        if step == wrong:
            x[0, 0] = np.inf
        steps.append((ms.Tensor(x), ms.Tensor(y)))
    return steps


def step_class(ms: Any) -> Any:
    """The class of scaled steps; the real one looks for overflows with an operator of NPUs."""
    if not is_real(ms):
        return ms.nn.TrainOneStepWithLossScaleCell
    finite = importlib.import_module("mindspore.amp").all_finite

    class Step(ms.nn.TrainOneStepWithLossScaleCell):  # type: ignore[misc,name-defined]
        def get_overflow_status(self, status: Any, compute_output: Any) -> Any:
            return ms.ops.logical_not(finite(compute_output))

    return Step


def with_scale(ms: Any, scale: Any) -> list[Any]:
    """Train four steps of which the third overflows; return losses, states, scales and weights."""
    net = dense(ms)
    optimizer = ms.nn.Momentum(net.trainable_params(), 0.1, 0.9)
    with_loss = ms.nn.WithLossCell(net, ms.nn.MSELoss())
    step = step_class(ms)(with_loss, optimizer, scale(ms))
    step.set_train()
    seen = []
    for x, y in batches(ms, wrong=2):
        loss, overflow, used = step(x, y)
        now = step.scale_sense.asnumpy()
        seen += [loss.asnumpy(), float(used.asnumpy().max()), float(now.max())]
        seen.append(
            bool(np.asarray(overflow.asnumpy() if hasattr(overflow, "asnumpy") else overflow))
        )
    return [*seen, net.weight.asnumpy(), net.bias.asnumpy()]


@pytest.mark.parametrize(
    "scale",
    [
        lambda ms: ms.Tensor(128.0, ms.float32),
        lambda ms: ms.nn.FixedLossScaleUpdateCell(64),
        lambda ms: ms.nn.DynamicLossScaleUpdateCell(256, 2, 1),
    ],
    ids=["tensor", "fixed", "dynamic"],
)
def test_a_scaled_step(scale: Any) -> None:
    real, ours = on_both(lambda ms: with_scale(ms, scale))
    for mine, theirs in zip(ours, real, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5)


def test_scalers() -> None:
    def run(ms: Any) -> list[Any]:
        amp = importlib.import_module("mindspore.amp")
        scaler = amp.DynamicLossScaler(64, 2, 2)
        seen = []
        for x in (1.0, 1.0, np.inf, 2.0, 3.0):
            grads = scaler.unscale((ms.Tensor([x], ms.float32),))
            finite = amp.all_finite(grads)
            scaler.adjust(finite)
            seen += [
                grads[0].asnumpy(),
                bool(finite.asnumpy()),
                float(scaler.scale_value.asnumpy()),
            ]
        return [*seen, scaler.scale(ms.Tensor(2.0)).asnumpy()]

    real, ours = on_both(run)
    for mine, theirs in zip(ours, real, strict=True):
        np.testing.assert_allclose(mine, theirs)


def test_callbacks_are_told_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run(ms: Any) -> list[Any]:
        callback = importlib.import_module("mindspore.train.callback")
        events: list[Any] = []

        class Record(callback.Callback):  # type: ignore[misc,name-defined]
            def begin(self, run_context: Any) -> None:
                self.note("begin", run_context)

            def epoch_end(self, run_context: Any) -> None:
                self.note("epoch_end", run_context)

            def step_end(self, run_context: Any) -> None:
                self.note("step_end", run_context)
                if run_context.original_args().cur_step_num == 7:
                    run_context.request_stop()

            def end(self, run_context: Any) -> None:
                self.note("end", run_context)

            def note(self, event: str, run_context: Any) -> None:
                args = run_context.original_args()
                events.append((event, args.get("cur_epoch_num"), args.cur_step_num, args.batch_num))

        net = dense(ms)
        folder = tmp_path / ("real" if is_real(ms) else "surface")
        config = callback.CheckpointConfig(save_checkpoint_steps=3, keep_checkpoint_max=1)
        saving = callback.ModelCheckpoint(prefix="net", directory=str(folder), config=config)
        model = ms.Model(net, ms.nn.MSELoss(), ms.nn.Momentum(net.trainable_params(), 0.1, 0.9))
        monitors = [callback.LossMonitor(2), callback.TimeMonitor(4), saving, Record()]
        model.train(3, dataset(ms), callbacks=monitors, dataset_sink_mode=False)
        printed = [line for line in capsys.readouterr().out.splitlines() if "loss is" in line]
        files = sorted(each.name for each in folder.iterdir() if each.suffix == ".ckpt")
        saved = ms.load_checkpoint(str(folder / files[-1]))
        return [events, [line[:32] for line in printed], files, saved["weight"].asnumpy()]

    real, ours = on_both(run)
    assert ours[:3] == real[:3]
    np.testing.assert_allclose(ours[3], real[3], rtol=1e-5)


def dataset(ms: Any) -> Any:
    """The batches of four steps, as each framework takes them."""
    if not is_real(ms):
        return batches(ms)
    data = importlib.import_module("mindspore.dataset")
    rows = [(x.asnumpy(), y.asnumpy()) for x, y in batches(ms)]
    return data.GeneratorDataset(rows, ["x", "y"], shuffle=False)


@pytest.mark.parametrize("level", ["O0", "O2", "O3"])
def test_levels_of_mixed_precision(level: str) -> None:
    def run(ms: Any) -> list[Any]:
        amp = importlib.import_module("mindspore.amp")
        kinds = []

        class Net(ms.nn.Cell):  # type: ignore[misc,name-defined]
            def __init__(self) -> None:
                super().__init__()
                self.dense, self.norm = dense(ms), ms.nn.BatchNorm1d(2)

            def construct(self, x: Any) -> Any:
                first = self.dense(x)
                second = self.norm(first)
                kinds.extend([str(first.dtype), str(second.dtype)])
                return second * 2

        net = amp.auto_mixed_precision(Net(), level)
        result = net(ms.Tensor(values(5, 3, seed=3)))
        names = [each.name for each in net.get_parameters()]
        kinds.append(str(result.dtype))
        return [[kind.lower().replace("torch.", "") for kind in kinds], names, result.asnumpy()]

    real, ours = on_both(run)
    assert ours[:2] == real[:2]
    np.testing.assert_allclose(ours[2], real[2], rtol=2e-3, atol=2e-3)


def test_a_gradient_of_ones_own() -> None:
    def run(ms: Any) -> list[Any]:
        class Product(ms.nn.Cell):  # type: ignore[misc,name-defined]
            def construct(self, x: Any, y: Any) -> Any:
                return x * y

            def bprop(self, x: Any, y: Any, out: Any, dout: Any) -> Any:
                return dout * 3, out * y

        gradients = ms.grad(lambda x, y: (Product()(x, y) * 2).sum(), (0, 1))
        found = gradients(ms.Tensor(values(3, seed=1)), ms.Tensor(values(3, seed=2)))
        return [each.asnumpy() for each in found]

    real, ours = on_both(run)
    for mine, theirs in zip(ours, real, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6)


# A step of training as the scripts of detectors write it: scaled and clipped by their own hands.
OWN_STEP = """
import mindspore as ms
import mindspore.nn as nn
import mindspore.ops as ops
from mindspore import ParameterTuple, Tensor
from mindspore.nn.wrap.grad_reducer import DistributedGradReducer

_unscale = ops.MultitypeFuncGraph("unscale")


@_unscale.register("Tensor", "Tensor")
def _unscale_tensor(scale, gradient):
    return gradient * ops.cast(ops.Reciprocal()(scale), ops.dtype(gradient))


class Scaled(nn.TrainOneStepWithLossScaleCell):
    def __init__(self, network, optimizer, scale):
        super().__init__(network, optimizer, ms.Tensor(scale, ms.float32))

    def construct(self, x, y):
        loss = self.network(x, y)
        scale = self.scale_sense
        _, scale = self.start_overflow_check(loss, scale)
        filled = ops.ones_like(loss) * ops.cast(scale, ops.dtype(loss))
        gradients = self.grad(self.network, self.weights)(x, y, filled)
        gradients = self.hyper_map(ops.partial(_unscale, scale), gradients)
        gradients = self.grad_reducer(gradients)
        gradients = ops.clip_by_global_norm(gradients, 0.5)
        return ops.depend(loss, self.optimizer(gradients))


class Plain(nn.Cell):
    def __init__(self, network, optimizer, sens, reduce_flag=True):
        super().__init__(auto_prefix=False)
        self.network = network
        self.network.set_grad()
        self.weights = ParameterTuple(network.trainable_params())
        self.optimizer = optimizer
        self.grad = ops.GradOperation(get_by_list=True, sens_param=True)
        self.sens = Tensor([sens], ms.float32).reshape(())
        self.reduce_flag = reduce_flag
        if reduce_flag:
            self.grad_reducer = DistributedGradReducer(optimizer.parameters, True, 1)

    def construct(self, x, y):
        loss = self.network(x, y)
        gradients = self.grad(self.network, self.weights)(x, y, self.sens)
        if self.reduce_flag:
            gradients = self.grad_reducer(gradients)
        return ops.depend(loss, self.optimizer(gradients))
"""


@pytest.mark.parametrize("kind", ["Scaled", "Plain"])
def test_steps_that_scripts_write_themselves(kind: str) -> None:
    def run(ms: Any) -> list[Any]:
        scope: dict[str, Any] = {}
        source = OWN_STEP
        if is_real(ms):
            # The real one asks for processes that work together.
            source = source.replace("reduce_flag=True", "reduce_flag=False")
        exec(source, scope)
        net = dense(ms)
        rates = ms.Tensor([0.1, 0.05, 0.02, 0.01], ms.float32)
        optimizer = ms.nn.SGD(net.trainable_params(), rates, momentum=0.9, weight_decay=1e-4)
        step = scope[kind](ms.nn.WithLossCell(net, ms.nn.MSELoss()), optimizer, 16.0)
        step.set_train()
        losses = [step(*batch).asnumpy() for batch in batches(ms)]
        return [*losses, net.weight.asnumpy()]

    real, ours = on_both(run)
    for mine, theirs in zip(ours, real, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5)


def test_wrong_arguments() -> None:
    with on("surface") as ms:
        amp = importlib.import_module("mindspore.amp")
        net = dense(ms)
        with pytest.raises(ArgumentError, match=r"amp_level is 'O4'; one of O0, O1, O2, O3"):
            amp.auto_mixed_precision(net, "O4")
        with pytest.raises(DtypeError, match=r"network is a int; it must be a Cell"):
            amp.auto_mixed_precision(3)
        with pytest.raises(ArgumentError, match=r"scale_value is 0.5; it must be a number"):
            amp.DynamicLossScaler(0.5, 2, 2)
        with pytest.raises(ArgumentError, match=r"callbacks has a int"):
            ms.Model(net).train(1, [], callbacks=[3])
