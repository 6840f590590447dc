"""The shape of the tables of general names: MindSpore's layers and operators, in terms of PyTorch.

A file (``mappings/mindspore/<group>.toml``) that starts with ``module`` holds the names of one
module. The hub of each is a call of the PyTorch API instead of a kernel of the core; where PyTorch
has none, the entry names what opsbridge offers in its place. The run-time surface builds its
callables from the entries, the translator of sources writes the same calls.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from opsbridge.tables.schema import Evidence, Scalar, Stage

PortDefault = Scalar | tuple[Scalar, ...]

PortForm = Literal[
    "primitive",  # a class that is configured, then called
    "function",
    "layer",  # a Cell
    "method",
    "property",
    "value",  # a constant or dtype
    "class",
    "decorator",
]
PortConverter = Literal[
    "same",
    "dtype",  # a dtype of MindSpore, NumPy or Python, or its name
    "array_dtype",  # the same, but Python's int is int32
    "axes",  # one axis or several; () and None are all
    "axis_list",  # one axis or several, as a tuple
    "ints",  # a sequence of integers, or a tensor of them
    "int",  # an integer, or a tensor that holds one
    "number",  # a number, or a tensor that holds one
    "tensor",  # a tensor; a number or list becomes one
    "index",  # an integer tensor as torch indexes with it: int64
    "truth",  # a tensor or what becomes one, true where it is not 0
    "one_minus",  # 1 - value: momentum, the share that is kept
    "pair",  # one integer or two
    "display",  # a tuple or list of tensors that is written out, and is not empty
]
PortStrict = Literal[
    "one_dtype",  # the tensors have one dtype; torch promotes
    "not_negative",  # no index is negative; torch counts from the end
]
PortEquality = Literal["exact", "approximate", "by_hand"]
PortGives = Literal[
    "tensor",
    "tensors",  # a tuple or list of them
    "other",  # anything else, or one or the other
]


# Modules in opsbridge.mindspore of functions on plain tensors.
OPERATOR_MODULES = (
    "array_math",
    "arrays",
    "convolving",
    "drawing",
    "elementwise",
    "gathering",
    "losses",
    "making",
    "margins",
    "matrices",
    "methods",
    "normalizing",
    "pooling",
    "reducing",
    "reshaping",
    "resizing",
    "scattering",
    "unpooling",
)


@dataclass(frozen=True)
class PortParam:
    """One parameter, in the order of the signature.

    It is required unless it has a ``default`` or is ``optional`` (its default is then None).
    ``aliases`` are the names of other versions. A ``variadic`` one takes what is left (*args).
    Where ``none_passes``, None is no error until the result is needed: graph mode of MindSpore 1.x
    ran no operator whose result nobody needs.
    """

    name: str
    stage: Stage = "call"
    default: PortDefault | None = None
    optional: bool = False
    variadic: bool = False
    keyword_only: bool = False
    none_passes: bool = False
    aliases: tuple[str, ...] = ()

    @property
    def is_required(self) -> bool:
        """Whether a call must give it."""
        return self.default is None and not self.optional and not self.variadic


@dataclass(frozen=True)
class PortArgument:
    """What one argument of the hub call gets: a parameter (converted), or a fixed value.

    In TOML: ``"x"``, ``{ from = "perm", as = "ints" }`` or ``{ value = 1 }``.
    """

    param: str = ""
    convert: PortConverter = "same"
    value: PortDefault | None = None


@dataclass(frozen=True)
class PortReturn:
    """One result: which of the hub's (all of it without ``pick``), and as which dtype."""

    pick: int | None = None
    dtype: str = ""


@dataclass(frozen=True)
class PortDifference:
    """One thing that PyTorch's own API does differently, for the report of a translation."""

    code: str
    en: str
    zh: str


@dataclass(frozen=True)
class PortEntry:
    """One name. ``arguments`` are keyed by keyword of the hub call, or by position ("0").

    A method's receiver is the parameter ``self``. ``torch`` may be a method of a tensor
    (``Tensor.permute``), called on argument "0". ``ours`` is a path in ``opsbridge.mindspore``
    ("regions.crop" is ``opsbridge.mindspore.regions.crop``). Of an operator of ``mindspore.ops``,
    ``mindspore.numpy`` or a method it is the function of all parameters by name, on plain tensors;
    elsewhere it is the object itself. ``gives`` is what the call of an operator or function gives.
    ``strict`` says what MindSpore refuses and torch takes.
    """

    name: str
    form: PortForm
    torch: str = ""
    ours: str = ""
    gives: PortGives = "tensor"
    equality: PortEquality = "exact"
    since: str = ""
    until: str = ""
    spellings: tuple[str, ...] = ()
    params: tuple[PortParam, ...] = ()
    arguments: dict[str, PortArgument] = field(default_factory=dict)
    returns: tuple[PortReturn, ...] = ()
    strict: dict[PortStrict, tuple[str, ...]] = field(default_factory=dict)
    differences: tuple[PortDifference, ...] = ()
    evidence: Evidence = field(
        default_factory=lambda: Evidence("probed", version="2.10.0", platform="cpu")
    )

    @property
    def module(self) -> str:
        """The module that the name belongs to."""
        return self.name.rpartition(".")[0]

    @property
    def is_whole(self) -> bool:
        """Whether ``ours`` is the object itself, to be called as it is."""
        return bool(self.ours) and self.ours.rpartition(".")[0] not in OPERATOR_MODULES

    @property
    def last(self) -> str:
        """The name without its module."""
        return self.name.rpartition(".")[2]


@dataclass(frozen=True)
class PortCase:
    """Where the hub alone gives the same, although the entry ``name`` needs opsbridge elsewhere.

    ``torch`` is that call, if the entry names none. It holds if the parameters of ``when`` have
    these values, and only parameters of ``when`` and ``arguments`` (which are added to those of the
    entry) are given. ``members`` are attributes that have another name on the object of the hub.
    """

    name: str
    torch: str = ""
    when: dict[str, PortDefault] = field(default_factory=dict)
    arguments: dict[str, PortArgument] = field(default_factory=dict)
    members: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PortTable:
    """The names of one module, and other names of modules (``aliases``: other -> this one).

    ``placeholders`` are modules whose names can be imported, and fail when they are used;
    ``uncovered`` are single such names.
    """

    module: str
    placeholders: tuple[str, ...] = ()
    uncovered: tuple[str, ...] = ()
    aliases: dict[str, str] = field(default_factory=dict)
    entries: tuple[PortEntry, ...] = ()
    cases: tuple[PortCase, ...] = ()
