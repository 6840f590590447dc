"""Optimizers, learning rates and training wrappers step as those of real MindSpore."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the surface computes with PyTorch")
pytest.importorskip("mindspore", reason="compares with the real MindSpore")

import mindspore

from opsbridge import mindspore as surface
from opsbridge.errors import ArgumentError, DtypeError

STEPS = 4


def groups(net: Any) -> list[dict[str, Any]]:
    weights = [each for each in net.trainable_params() if "weight" in each.name]
    others = [each for each in net.trainable_params() if "weight" not in each.name]
    return [
        {"params": weights, "lr": 0.05, "weight_decay": 0.02, "grad_centralization": True},
        {"params": others},
        {"order_params": net.trainable_params()},
    ]


OPTIMIZERS: dict[str, Callable[[Any, Any], Any]] = {
    "momentum": lambda nn, net: nn.Momentum(net.trainable_params(), 0.1, 0.9),
    "momentum-decay": lambda nn, net: nn.Momentum(
        net.trainable_params(), 0.1, 0.9, weight_decay=0.01, loss_scale=8.0
    ),
    "momentum-list": lambda nn, net: nn.Momentum(
        net.trainable_params(), [0.1, 0.2, 0.05, 0.3], 0.9
    ),
    "momentum-groups": lambda nn, net: nn.Momentum(groups(net), 0.1, 0.9, weight_decay=0.01),
    "momentum-schedule": lambda nn, net: nn.Momentum(
        net.trainable_params(), nn.ExponentialDecayLR(0.1, 0.5, 2), 0.9
    ),
    "sgd": lambda nn, net: nn.SGD(net.trainable_params(), 0.1, weight_decay=0.01),
    "sgd-momentum": lambda nn, net: nn.SGD(net.trainable_params(), 0.1, 0.9, dampening=0.1),
    "sgd-nesterov": lambda nn, net: nn.SGD(net.trainable_params(), 0.1, 0.9, nesterov=True),
    "adam": lambda nn, net: nn.Adam(net.trainable_params(), 0.01),
    "adam-decay": lambda nn, net: nn.Adam(
        net.trainable_params(), 0.01, 0.8, 0.99, eps=1e-3, weight_decay=0.1, loss_scale=4.0
    ),
    "adam-nesterov": lambda nn, net: nn.Adam(net.trainable_params(), 0.01, use_nesterov=True),
    "adam-groups": lambda nn, net: nn.Adam(groups(net), 0.01),
    "adam-weight-decay": lambda nn, net: nn.AdamWeightDecay(
        net.trainable_params(), 0.01, weight_decay=0.1
    ),
    "rmsprop": lambda nn, net: nn.RMSProp(net.trainable_params(), 0.01),
    "rmsprop-momentum": lambda nn, net: nn.RMSProp(
        net.trainable_params(), 0.01, 0.8, 0.5, weight_decay=0.1, loss_scale=4.0
    ),
    "rmsprop-centered": lambda nn, net: nn.RMSProp(
        net.trainable_params(), 0.01, momentum=0.5, epsilon=1e-3, centered=True
    ),
    "rmsprop-groups": lambda nn, net: nn.RMSProp(groups(net), 0.01),
    "adagrad": lambda nn, net: nn.Adagrad(net.trainable_params(), learning_rate=0.1),
    "adagrad-decay": lambda nn, net: nn.Adagrad(
        net.trainable_params(), 0.5, 0.1, weight_decay=0.1, loss_scale=4.0
    ),
    "adagrad-groups": lambda nn, net: nn.Adagrad(groups(net), 0.2),
    "adamax": lambda nn, net: nn.AdaMax(net.trainable_params(), 0.01),
    "adamax-decay": lambda nn, net: nn.AdaMax(
        net.trainable_params(), 0.05, 0.8, 0.9, 1e-3, weight_decay=0.1, loss_scale=4.0
    ),
    "adamax-groups": lambda nn, net: nn.AdaMax(groups(net), 0.01),
    "adadelta": lambda nn, net: nn.Adadelta(net.trainable_params()),
    "adadelta-decay": lambda nn, net: nn.Adadelta(
        net.trainable_params(), 0.5, 0.7, 1e-3, loss_scale=4.0, weight_decay=0.1
    ),
    "adadelta-groups": lambda nn, net: nn.Adadelta(groups(net), 0.1),
    "asgd": lambda nn, net: nn.ASGD(net.trainable_params()),
    "asgd-mean": lambda nn, net: nn.ASGD(
        net.trainable_params(), 0.05, lambd=1e-2, alpha=0.5, t0=1.0, weight_decay=0.1
    ),
    "asgd-groups": lambda nn, net: nn.ASGD(groups(net), 0.02),
    "rprop": lambda nn, net: nn.Rprop(net.trainable_params(), 0.01),
    "rprop-bounds": lambda nn, net: nn.Rprop(
        net.trainable_params(), 0.1, (0.3, 2.0), (0.05, 0.15), weight_decay=0.1
    ),
    "rprop-groups": lambda nn, net: nn.Rprop(groups(net), 0.02),
    "lazy-adam": lambda nn, net: nn.LazyAdam(net.trainable_params(), 0.01, weight_decay=0.1),
}


def small_net(ms: Any) -> Any:
    """Two layers and a normalisation with values that depend on their names only.

    A bias before a normalisation has gradient 0, which rounding and Adam make a step of.
    """
    first = ms.nn.Dense(3, 4, has_bias=False)
    net = ms.nn.SequentialCell([first, ms.nn.BatchNorm1d(4), ms.nn.Dense(4, 2)])
    for path, each in net.parameters_and_names():
        rng = np.random.default_rng(sum(map(ord, path)))
        each.set_data(ms.Tensor(rng.uniform(0.2, 1, each.shape).astype(np.float32)))
    return net


def batches(ms: Any) -> list[Any]:
    rng = np.random.default_rng(5)
    return [
        tuple(ms.Tensor(rng.normal(size=(6, n)).astype(np.float32)) for n in (3, 2))
        for _ in range(STEPS)
    ]


def trained(ms: Any, make: Callable[[Any, Any], Any], **options: Any) -> list[Any]:
    """The losses of some steps, and then all values: of the network and of the optimizer."""
    net = small_net(ms)
    optimizer = make(ms.nn, net)
    step = ms.nn.TrainOneStepCell(ms.nn.WithLossCell(net, ms.nn.MSELoss()), optimizer, **options)
    step.set_train()
    losses = [step(*batch).asnumpy() for batch in batches(ms)]
    return [*losses, *(each.asnumpy() for each in step.get_parameters())]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps_are_the_real_ones(name: str) -> None:
    real, ours = (trained(ms, OPTIMIZERS[name]) for ms in (mindspore, surface))
    assert len(ours) == len(real)
    for one, other in zip(ours, real, strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-6)


def own_momentum(nn: Any, net: Any, parameters: Any) -> Any:
    """The optimizer of one's own of MindSpore's documentation, with all that it may call."""
    ms = surface if nn is surface.nn else mindspore

    class Own(nn.Optimizer):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__(0.1, parameters, weight_decay=0.01, loss_scale=4.0)
            self.moments = self.parameters.clone(prefix="moments", init="zeros")
            self.step = ms.ops.ApplyMomentum()

        def construct(self, gradients: Any) -> Any:
            gradients = self.flatten_gradients(gradients)
            gradients = self.scale_grad(self.gradients_centralization(self.decay_weight(gradients)))
            rates = self.get_lr()
            self.assignadd(self.global_step, self.global_step_increase_tensor)
            if not self.is_group_lr:
                rates = (rates,) * len(self.parameters)
            for one, moment, rate, each in zip(
                self.parameters, self.moments, rates, gradients, strict=True
            ):
                self.step(one, moment, rate, each, 0.9)
            return self.global_step

        @nn.Optimizer.target.setter
        def target(self, value: str) -> None:
            self._set_base_target(value)

    return Own()


@pytest.mark.parametrize("grouped", [False, True])
def test_an_optimizer_of_ones_own_steps_as_on_the_real_one(grouped: bool) -> None:
    def make(nn: Any, net: Any) -> Any:
        return own_momentum(nn, net, groups(net) if grouped else net.trainable_params())

    real, ours = (trained(ms, make) for ms in (mindspore, surface))
    for one, other in zip(ours, real, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("grouped", [False, True])
def test_members_of_optimizers_are_the_real_ones(grouped: bool) -> None:
    found = []
    for ms in (mindspore, surface):
        net = small_net(ms)
        given = groups(net) if grouped else net.trainable_params()
        made = ms.nn.Momentum(given, 0.1, 0.9, weight_decay=0.01, loss_scale=2.0)
        decays = made.get_weight_decay()
        numbers = [float(each) for each in decays] if grouped else float(decays)
        found.append(
            [
                made.target,
                made.unique,
                made.need_scale,
                made.use_parallel,
                tuple(made.decay_flags) if grouped else None,
                tuple(made.optim_filter),
                made._is_dynamic_lr_or_weight_decay(),
                numbers,
            ]
        )
    assert found[0][:-1] == found[1][:-1]
    assert found[0][-1] == pytest.approx(found[1][-1])


def test_members_of_one_process() -> None:
    made = surface.nn.Momentum(small_net(surface).trainable_params(), 0.1, 0.9)
    assert made.broadcast_params(3) == 3
    assert made._grad_sparse_indices_deduplicate((4,)) == (4,)
    doubled = made.map_(lambda one: one * 2, (1, 2))
    assert doubled == (2, 4) == made.hyper_map(lambda one: one * 2, (1, 2))
    for target, error in ((3, DtypeError), ("TPU", ArgumentError)):
        with pytest.raises(error, match="target is"):
            made.target = target


def test_nesterov_of_apply_momentum_is_the_documented_rule() -> None:
    weight = surface.Parameter(surface.Tensor([1.0]), name="weight")
    moment = surface.Parameter(surface.Tensor([0.5]), name="moment")
    step = surface.ops.ApplyMomentum(use_nesterov=True, gradient_scale=0.5)
    assert step(weight, moment, 0.1, surface.Tensor([2.0]), 0.8) is weight
    assert moment.asnumpy() == pytest.approx(0.5 * 0.8 + 1)
    assert weight.asnumpy() == pytest.approx(1 - 0.1 * (1 + 0.8 * 1.4))


def test_lamb_is_the_documented_rule_which_has_no_kernel_on_cpu() -> None:
    rng = np.random.default_rng(8)
    start = {"weight": rng.normal(size=(3, 4)), "beta": rng.normal(size=4), "zero": np.zeros(2)}
    gradients = [[rng.normal(size=each.shape) for each in start.values()] for _ in range(3)]
    given = [
        surface.Parameter(surface.Tensor(values.astype(np.float32)), name=name)
        for name, values in start.items()
    ]
    optimizer = surface.nn.Lamb(given, 0.1, 0.8, 0.9, 1e-3, weight_decay=0.1)
    for each in gradients:
        optimizer([surface.Tensor(values.astype(np.float32)) for values in each])
    for number, (name, values) in enumerate(start.items()):
        first = second = 0
        for count, each in enumerate(gradients, 1):
            first = 0.8 * first + 0.2 * each[number]
            second = 0.9 * second + 0.1 * each[number] ** 2
            root = np.sqrt(second / (1 - 0.9**count)) + 1e-3
            step = first / (1 - 0.8**count) / root + (0 if name == "beta" else 0.1) * values
            ratio = np.linalg.norm(values) / np.linalg.norm(step) or 1.0
            values = values - 0.1 * ratio * step
        np.testing.assert_allclose(given[number].asnumpy(), values, rtol=1e-5)
    assert [each.name for each in optimizer.moments1] == [
        "lamb_m.weight",
        "lamb_m.beta",
        "lamb_m.zero",
    ]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda nn, one: nn.AdaMax(one, beta1=1.0), "beta1 is 1.0"),
        (lambda nn, one: nn.Lamb(one, 0.1, eps=0.0), "eps is 0.0"),
        (lambda nn, one: nn.Adadelta(one, rho=1.5), "rho is 1.5"),
        (lambda nn, one: nn.Rprop(one, etas=(1.2, 0.5)), "etas is"),
    ],
)
def test_settings_of_rules_are_checked(make: Callable[[Any, Any], Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        make(surface.nn, [surface.Parameter(surface.Tensor([1.0]), name="weight")])


def test_epsilon_is_under_the_root_as_documented() -> None:
    """The real one adds it behind the root in blocks of eight values, on CPU."""

    def stepped(ms: Any, count: int) -> Any:
        weight = ms.Parameter(ms.Tensor(np.ones(count, np.float32)), name="weight")
        optimizer = ms.nn.RMSProp([weight], 0.1, epsilon=0.5)
        optimizer((ms.Tensor(np.full(count, 2, np.float32)),))
        return weight.asnumpy()

    np.testing.assert_allclose(stepped(surface, 7), stepped(mindspore, 7), rtol=1e-6)
    np.testing.assert_allclose(stepped(surface, 8), stepped(surface, 7)[0], rtol=1e-6)
    assert np.abs(stepped(mindspore, 8) - stepped(surface, 8)).min() > 1e-3


def test_nesterov_is_the_documented_rule_which_the_real_one_ignores_on_cpu() -> None:
    def stepped(ms: Any, **options: Any) -> float:
        weight = ms.Parameter(ms.Tensor([1.0], ms.float32), name="weight")
        optimizer = ms.nn.Momentum([weight], 0.1, 0.8, **options)
        for gradient in (2.0, 1.0):
            optimizer((ms.Tensor([gradient], ms.float32),))
        return float(weight.asnumpy()[0])

    plain = stepped(surface)
    assert stepped(mindspore) == pytest.approx(plain)
    assert stepped(mindspore, use_nesterov=True) == pytest.approx(plain)
    first = 1 - (0.1 * 2 + 0.1 * 0.8 * 2)
    second = first - (0.1 * 1 + 0.1 * 0.8 * (0.8 * 2 + 1))
    assert stepped(surface, use_nesterov=True) == pytest.approx(second)


def test_a_given_gradient_of_the_loss_counts() -> None:
    make = OPTIMIZERS["momentum"]
    real, ours = (trained(ms, make, sens=3.0) for ms in (mindspore, surface))
    for one, other in zip(ours, real, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-6)


def test_model_trains_over_an_iterable_as_its_steps_do() -> None:
    net = small_net(surface)
    optimizer = OPTIMIZERS["adam"](surface.nn, net)
    model = surface.Model(net, surface.nn.MSELoss(), optimizer)
    losses = [each.asnumpy() for each in model.train(1, batches(surface))]
    assert np.array_equal(losses, trained(surface, OPTIMIZERS["adam"])[:STEPS])
    assert losses[-1] < losses[0]


LISTS: dict[str, tuple[Any, ...]] = {
    "piecewise_constant_lr": ([2, 5, 9], [0.1, 0.05, 0.01]),
    "exponential_decay_lr": (0.1, 0.9, 7, 2, 2, True),
    "natural_exp_decay_lr": (0.1, 0.9, 7, 2, 2),
    "inverse_decay_lr": (0.1, 0.5, 7, 2, 2, True),
    "cosine_decay_lr": (0.01, 0.1, 9, 2, 3),
    "polynomial_decay_lr": (0.1, 0.01, 9, 2, 2, 0.5, True),
    "warmup_lr": (0.1, 9, 2, 3),
}
SCHEDULES: dict[str, tuple[Any, ...]] = {
    "ExponentialDecayLR": (0.1, 0.9, 4, True),
    "NaturalExpDecayLR": (0.1, 0.9, 4, True),
    "InverseDecayLR": (0.1, 0.9, 4),
    "CosineDecayLR": (0.01, 0.1, 4),
    "PolynomialDecayLR": (0.1, 0.01, 4, 0.5, True),
    "WarmUpLR": (0.1, 4),
}


@pytest.mark.parametrize("name", LISTS)
def test_lists_of_rates_are_the_real_ones(name: str) -> None:
    arguments = LISTS[name]
    assert getattr(surface.nn, name)(*arguments) == getattr(mindspore.nn, name)(*arguments)


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_are_the_real_ones(name: str) -> None:
    def rates(ms: Any) -> list[Any]:
        schedule = getattr(ms.nn, name)(*SCHEDULES[name])
        return [float(schedule(ms.Tensor(step, ms.int32)).asnumpy()) for step in (1, 3, 4, 6)]

    np.testing.assert_allclose(rates(surface), rates(mindspore), rtol=1e-6)
