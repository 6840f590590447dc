"""`Model.fit` and the callbacks that follow it: events, stops and rates as the real ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from real_frameworks import MINDSPORE_MISSING

pytest.importorskip("torch", reason="the surface computes with PyTorch")

from opsbridge import mindspore as surface
from opsbridge.errors import ArgumentError, DtypeError

RANDOM = np.random.default_rng(21)
INPUTS = RANDOM.normal(size=(8, 3)).astype(np.float32)
LABELS = (INPUTS @ np.float32([[1], [2], [3]])).astype(np.float32)
EVENTS = [
    f"{mode}_{event}"
    for mode in ("train", "eval")
    for event in ("begin", "epoch_begin", "step_begin", "step_end", "epoch_end", "end")
]


class Batches:
    """Two batches, as MindSpore's datasets give them."""

    def __init__(self, ms: Any) -> None:
        self._ms = ms

    def get_dataset_size(self) -> int:
        return 2

    def create_tuple_iterator(self) -> Any:
        for half in (slice(4), slice(4, 8)):
            yield self._ms.Tensor(INPUTS[half]), self._ms.Tensor(LABELS[half])


def batches(ms: Any) -> Any:
    if ms is surface:
        return Batches(ms)
    import mindspore.dataset

    rows = list(zip(INPUTS, LABELS, strict=True))
    return mindspore.dataset.GeneratorDataset(rows, ["x", "y"], shuffle=False).batch(4)


def model_of(ms: Any, rate: Any = 0.1, **settings: Any) -> Any:
    net = ms.nn.Dense(3, 1, weight_init="zeros", bias_init="zeros")
    optimizer = ms.nn.SGD(net.trainable_params(), rate)
    measures = {"mae": ms.nn.MAE(), "loss": ms.train.Loss(), "share": ms.nn.MSE()}
    return ms.Model(net, ms.nn.MSELoss(), optimizer, **({"metrics": measures} | settings))


def recorder(ms: Any, events: list[Any]) -> Any:
    """A callback that notes every event, and what it finds then."""

    def noting(name: str) -> Callable[[Any, Any], None]:
        def note(self: Any, run_context: Any) -> None:
            args = run_context.original_args()
            found = [
                args.get(key) for key in ("mode", "cur_epoch_num", "cur_step_num", "batch_num")
            ]
            measured = args.get("eval_results") or {}
            events.append((name, *found, {key: round(measured[key], 4) for key in measured}))

        return note

    methods = {f"on_{event}": noting(event) for event in EVENTS}
    return type("Recorder", (ms.Callback,), methods)()


def on_both(run: Callable[[Any], Any]) -> tuple[Any, Any]:
    ms = pytest.importorskip("mindspore", reason=MINDSPORE_MISSING)
    return run(ms), run(surface)


@pytest.mark.parametrize("frequency", [1, 2, [1, 3]])
def test_events(frequency: Any) -> None:
    def run(ms: Any) -> Any:
        events: list[Any] = []
        model_of(ms).fit(3, batches(ms), batches(ms), frequency, recorder(ms, events))
        model_of(ms).eval(batches(ms), recorder(ms, events))
        return events

    real, ours = on_both(run)
    assert ours == real
    assert sum(event[0] == "eval_end" for event in ours) in (2, 3, 4)


STOPS: list[dict[str, Any]] = [
    {"patience": 1},
    {"patience": 0, "min_delta": 0.2},
    {"patience": 2, "min_delta": 0.2},
    {"monitor": "mae", "patience": 1, "min_delta": 0.05, "restore_best_weights": True},
    {"monitor": "loss", "patience": 2, "mode": "max", "restore_best_weights": True},
    {"monitor": "accuracy"},
    {"monitor": "share", "patience": 1},
    {"monitor": "mae", "min_delta": -0.3, "patience": 1, "verbose": True},
]


@pytest.mark.parametrize("settings", STOPS, ids=str)
def test_early_stopping(settings: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    def run(ms: Any) -> Any:
        model, history = model_of(ms, 0.2), ms.train.History()
        stopping = ms.train.EarlyStopping(**settings)
        capsys.readouterr()
        model.fit(8, batches(ms), batches(ms), callbacks=[stopping, history])
        said = [line for line in capsys.readouterr().out.splitlines() if "stopping" in line]
        return history.epoch, stopping.stopped_epoch, said, model.predict_network.weight.asnumpy()

    real, ours = on_both(run)
    assert ours[:3] == real[:3]
    np.testing.assert_allclose(ours[3], real[3], rtol=1e-4)


@pytest.mark.parametrize(("baseline", "epochs"), [(0.09, 8), (0.08, 2)])
def test_an_improvement_counts_below_the_baseline(baseline: float, epochs: int) -> None:
    """MindSpore 2.10 takes min_delta for the baseline. The second epoch ends with 0.0894."""
    model, history = model_of(surface, 0.2), surface.train.History()
    stopping = surface.train.EarlyStopping(patience=2, baseline=baseline)
    model.fit(8, batches(surface), batches(surface), callbacks=[stopping, history])
    assert len(history.epoch["epoch"]) == epochs


@pytest.mark.parametrize(
    "settings",
    [
        {"patience": 1, "min_delta": 5, "factor": 0.5, "verbose": True},
        {"patience": 0, "min_delta": 5, "cooldown": 1, "factor": 0.5, "min_lr": 0.03},
        {"patience": 2, "min_delta": 5, "cooldown": 2},
        {"monitor": "mae", "mode": "max", "patience": 1, "factor": 0.5},
        {"monitor": "missing"},
    ],
    ids=str,
)
def test_rates_on_a_plateau(settings: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    def run(ms: Any) -> Any:
        model, history = model_of(ms), ms.train.History()
        capsys.readouterr()
        reducing = ms.train.ReduceLROnPlateau(**settings)
        model.fit(6, batches(ms), batches(ms), callbacks=[reducing, history])
        said = [line for line in capsys.readouterr().out.splitlines() if "Plateau" in line]
        return said, history.history

    (real_said, real), (our_said, ours) = on_both(run)
    assert our_said == real_said
    assert ours.keys() == real.keys()
    for name in ours:
        np.testing.assert_allclose(ours[name], real[name], rtol=1e-4)


def test_rates_by_a_function_of_the_step() -> None:
    def run(ms: Any) -> Any:
        asked: list[Any] = []

        def halved(rate: float, step: int) -> float:
            asked.append((round(rate, 6), step))
            return rate / 2

        model, history = model_of(ms), ms.train.History()
        model.train(2, batches(ms), [ms.train.LearningRateScheduler(halved), history])
        return asked, history.history["net_output"]

    real, ours = on_both(run)
    assert ours[0] == real[0]
    np.testing.assert_allclose(ours[1], real[1], rtol=1e-5)


def test_functions_as_callbacks() -> None:
    events: list[str] = []
    functions = {f"on_{event}": lambda _, name=event: events.append(name) for event in EVENTS}
    callback = surface.train.LambdaCallback(**functions)
    model_of(surface).fit(1, batches(surface), batches(surface), callbacks=callback)
    assert [event for event in events if "step" not in event] == [
        "train_begin", "train_epoch_begin", "eval_begin", "eval_epoch_begin", "eval_epoch_end",
        "eval_end", "train_epoch_end", "train_end",
    ]  # fmt: skip
    assert events.count("eval_step_end") == events.count("train_step_begin") == 2


def test_what_monitors_print(capsys: pytest.CaptureFixture[str]) -> None:
    def run(ms: Any) -> list[str]:
        capsys.readouterr()
        monitors = [ms.train.LossMonitor(), ms.train.TimeMonitor()]
        model_of(ms).fit(2, batches(ms), batches(ms), callbacks=monitors)
        lines = capsys.readouterr().out.splitlines()
        return [
            line.partition(" is ")[0].partition(" time:")[0].partition("{")[0] for line in lines
        ]

    real, ours = on_both(run)
    assert ours == real
    assert sum("Eval result" in line for line in ours) == 2


def test_measures_by_name_and_by_place() -> None:
    def run(ms: Any) -> Any:
        class Both(ms.nn.Cell):  # type: ignore[misc,name-defined]
            def __init__(self, net: Any) -> None:
                super().__init__()
                self.net, self.loss = net, ms.nn.MSELoss()

            def construct(self, x: Any, y: Any) -> Any:
                out = self.net(x)
                return y, out, self.loss(out, y)

        net = ms.nn.Dense(3, 1, weight_init="ones", bias_init="zeros")
        optimizer = ms.nn.SGD(net.trainable_params(), 0.1)
        swapped = ms.nn.MAE().set_indexes([1, 0])
        named = ms.Model(net, ms.nn.MSELoss(), optimizer, metrics={"mae", "loss"})
        placed = ms.Model(
            net, ms.nn.MSELoss(), optimizer, eval_network=Both(net), eval_indexes=[2, 1, 0],
            metrics={"mae": ms.nn.MAE(), "loss": ms.train.Loss(), "chosen": swapped},
        )  # fmt: skip
        return named.eval(batches(ms)), placed.eval(batches(ms))

    real, ours = on_both(run)
    for one, other in zip(ours, real, strict=True):
        assert one.keys() == other.keys()
        np.testing.assert_allclose([*map(one.get, other)], [*other.values()], rtol=1e-5)


def test_nothing_of_the_evaluation_stays_in_the_training() -> None:
    seen = []
    callback = surface.train.LambdaCallback(
        on_train_step_begin=lambda run: seen.append(run.original_args().train_network.training),
        on_eval_step_begin=lambda run: seen.append(run.original_args().eval_network.training),
    )
    model_of(surface).fit(2, batches(surface), batches(surface), callbacks=callback)
    assert seen == [True, True, False, False] * 2


OLDER = [
    "class Counts({Callback}):\n    def step_end(self, run): pass",
    "class Counts({Callback}):\n    def begin(self, run): pass\n    on_train_end = begin",
    "class Counts({Callback}):\n    def on_train_step_end(self, run): pass",
    "class Old({Callback}):\n    def end(self, run): pass\nclass Counts(Old): pass",
    "class LossMonitor({Callback}):\n    def step_end(self, run): pass\nCounts = LossMonitor",
    "class Counts({LossMonitor}):\n    def epoch_end(self, run): pass",
]


@pytest.mark.parametrize("source", OLDER)
@pytest.mark.parametrize("given", ["[callback]", "callback", "(callback,)", "[history, callback]"])
@pytest.mark.parametrize("call", ["fit", "train"])
def test_fit_takes_no_methods_of_older_names(source: str, given: str, call: str) -> None:
    def outcome(ms: Any) -> str:
        names = {name: getattr(ms.train, name) for name in ("Callback", "LossMonitor")}
        exec(source.format(**{name: name for name in names}), names)
        callback, history = names["Counts"](), ms.train.History()
        callbacks = eval(given, {"callback": callback, "history": history})
        try:
            getattr(model_of(ms), call)(1, batches(ms), callbacks=callbacks)
        except ValueError as error:
            return "refused" if "'on_eval'" in str(error) or "on_eval_" in str(error) else "other"
        except TypeError:
            return "no callbacks"
        return "taken"

    real, ours = on_both(outcome)
    assert ours == real


def test_what_is_refused() -> None:
    train = surface.train
    with pytest.raises(ArgumentError, match="mode is 'mean'; allowed: auto, min, max"):
        train.EarlyStopping(mode="mean")
    with pytest.raises(DtypeError, match="monitor is a int; it must be a str"):
        train.EarlyStopping(3)
    with pytest.raises(ArgumentError, match="patience is -1; it must be an int of 0 or more"):
        train.ReduceLROnPlateau(patience=-1)
    with pytest.raises(ArgumentError, match=r"factor is 1.5; it must be in \(0, 1\)"):
        train.ReduceLROnPlateau(factor=1.5)
    bare = model_of(surface, metrics=None)
    with pytest.raises(ArgumentError, match=r"Model.fit: metrics and a loss_fn"):
        bare.fit(1, batches(surface), batches(surface))
    with pytest.raises(ArgumentError, match="valid_frequency is 0; it must be 1 or more"):
        model_of(surface).fit(1, batches(surface), batches(surface), 0)
    scheduled = model_of(surface, rate=surface.nn.ExponentialDecayLR(0.1, 0.9, 2))
    with pytest.raises(ArgumentError, match="learning rate is a ExponentialDecayLR"):
        scheduled.train(1, batches(surface), train.LearningRateScheduler(lambda rate, _: rate))
