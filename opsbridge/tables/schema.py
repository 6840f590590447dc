"""The shape of the mapping tables: plain structs, closed vocabularies, nothing else.

Two kinds of file exist. A *core table* (``mappings/core/<op>.toml``) is the vocabulary of one
operator: its slots (what goes in), outputs (what can come out), behaviour axes with their allowed
values, and cases that tell the values apart. An *API table* (``mappings/<framework>/<api>.toml``)
places one framework API in that vocabulary. Nothing here knows an operator or a framework by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Scalar = bool | int | float | str
Default = Scalar | tuple[float, ...]
Factors = float | int | tuple[float | int | str, ...]

Converter = Literal[
    "same",  # the value is the slot
    "number",  # anything float() takes, as a float
    "float32_number",  # the same, rounded to float32
    "above_number",  # the next float32 above a number
    "integer",  # anything with __index__, as an int
    "count",  # an integer, one below 0 as 0
    "plain_number",  # an integer as an int, any other number as a float
    "number_pair",  # two plain numbers, as two slots
    "floats",  # a tuple of floats, as one slot
    "pair",  # one integer or two, as two slots
    "columns",  # column ranges of one tensor, as several slots
    "rois",  # (K, 5) tensor, or a list of one (L, 4) tensor per image
    "choice",  # an enumerated value that sets behaviour axes
    "positive_number",  # a number above 0; any other leaves the slot out
    "positive_integer",  # an integer above 0; any other leaves the slot out
    "ids",  # group ids of any dtype
    "element_limit",  # a number of boxes from which on, as the box elements up to which
    "result",  # says how results are handed over, to the returns that name it
    "ignored",  # accepted, and of no effect
]
# Tables list them in this order.
ValueType = Literal[
    "tensor",
    "tensor_list",  # one (L, 4) tensor per image
    "rows",  # nested lists or tuples of numbers, in place of a tensor
    "bool",
    "float",  # a Python float, nothing else
    "number",  # anything float() takes
    "int",  # a Python int that is no bool
    "integer",  # anything with __index__ that is no bool
    "single",  # a tensor with one element, in place of a number
    "integers",  # a list or tuple of integers
    "int_pair",
    "number_pair",  # two of anything float() takes
    "float_tuple",  # a tuple of Python floats
    "string",
    "holder",  # an object that has its tensor as .tensor
]
# Element types by NumPy's names; tables list them in this order.
Dtype = Literal["bool", "uint8", "uint16", "int8", "int16", "int32", "int64",
                "float16", "bfloat16", "float32", "float64"]  # fmt: skip
SlotKind = Literal["tensor", "float", "int", "number", "floats"]
Stage = Literal["init", "call"]
Device = Literal["cpu", "cuda"]
Mixed = Literal["common", "first"]
EvidenceKind = Literal["probed", "documented", "assumed"]
# What an argument can fail: being a tensor or number at all, its dtype, rank, sizes, value.
Check = Literal["type", "dtype", "rank", "shape", "value"]
ErrorName = Literal[
    "AssertionError",
    "AttributeError",
    "IndexError",
    "NotImplementedError",
    "RuntimeError",
    "TypeError",
    "ValueError",
]


@dataclass(frozen=True)
class Text:
    """The same sentence in both languages of the documentation."""

    en: str
    zh: str


@dataclass(frozen=True)
class Evidence:
    """How a fact is known: seen on an installed package, written in its documents, or neither."""

    kind: EvidenceKind
    version: str = ""
    platform: str = ""
    link: str = ""
    date: str = ""
    note: str = ""


@dataclass(frozen=True)
class Slot:
    """One input of a core operator."""

    name: str
    kind: SlotKind
    text: Text
    shape: tuple[int | str, ...] = ()
    optional: bool = False


@dataclass(frozen=True)
class Output:
    """One result that a core operator can fill; ``refers_to`` says which rows its numbers mean."""

    name: str
    shape: tuple[int | str, ...]
    text: Text
    refers_to: Text | None = None


@dataclass(frozen=True)
class AxisValue:
    """One allowed value of a behaviour axis.

    No result tells it from the value it is ``like``. One that comes ``with_slot`` is what that slot
    brings along, so no case can have it and another value.
    """

    value: Scalar
    text: Text
    like: Scalar | None = None
    with_slot: str = ""


@dataclass(frozen=True)
class Axis:
    """One convention in which frameworks differ; ``shows`` says on which inputs it can be seen.

    An axis may matter only to an API that fills an optional slot (``only_with_slot``) or that has
    some other value (``only_when``); other APIs leave it out. ``without_slot`` is the value that an
    API without the slot has in effect. A value called ``same`` means the dtype of the tensors, so
    it equals the value of that name for tensors of that dtype. Where it is about some dtypes only,
    these are ``dtypes``.
    """

    name: str
    text: Text
    shows: Text
    values: tuple[AxisValue, ...]
    only_with_slot: str = ""
    without_slot: Scalar | None = None
    only_when: dict[str, Scalar] = field(default_factory=dict)
    dtypes: tuple[Dtype, ...] = ()


@dataclass(frozen=True)
class Expectation:
    """What a case gives when the axes named in ``set`` have these values, or that it is refused.

    ``inputs`` take the place of those of the case where these values ask for another shape.
    """

    set: dict[str, Scalar]
    outputs: dict[str, Any] = field(default_factory=dict)
    refused: bool = False
    inputs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """Inputs that tell the values of ``axes`` apart; other axes that matter are in ``base``."""

    name: str
    axes: tuple[str, ...]
    base: dict[str, Scalar]
    inputs: dict[str, Any]
    expect: tuple[Expectation, ...]
    dtype: Literal["float16", "float32", "float64"] = "float32"


@dataclass(frozen=True)
class CoreTable:
    """The vocabulary of one core operator."""

    op: str
    text: Text
    slots: tuple[Slot, ...]
    outputs: tuple[Output, ...]
    axes: tuple[Axis, ...]
    example: str
    cases: tuple[Case, ...] = ()


@dataclass(frozen=True)
class Choice:
    """One value of an enumerated parameter, and the axes it sets; without a value it is None."""

    value: Scalar | None
    set: dict[str, Scalar]


@dataclass(frozen=True)
class Param:
    """One parameter of a framework API: a constructor argument or an input of the call.

    ``dtypes_on`` narrows ``dtypes`` on single devices. An ``optional`` parameter may be None, which
    is its default and leaves its slots out. ``aliases`` are older names that keywords may use. A
    parameter ``inside`` another argument is an entry of that dictionary. An ``extension`` is not in
    the real API at all: its default is what the real API does, and it goes by keyword only.
    A tensor goes through the dtypes in ``casts`` before it fills its slot ("same": that of the
    first tensor), and can come in an object of the class ``held_in``; a number is in [``minimum``,
    ``maximum``], and ``above`` a bound where that is given. What comes is multiplied by ``times``,
    and then ``plus`` is added: percent, first rows that count as 1. Lists have a number for each
    column, and an axis of some shape ("H", "H - 1") stands for its length, or its last place. A
    ``shape`` with the slot's axes in another order says how they are turned; ``order`` has the
    place of each of the slot's columns, and ``layout`` says what the last four then are, where the
    slot wants corners.
    ``errors`` says where the real API raises something else for this parameter than for others.
    """

    name: str
    stage: Stage
    types: tuple[ValueType, ...]
    converter: Converter
    fills: tuple[str, ...] = ()
    required: bool = False
    optional: bool = False
    default: Default | None = None
    positional_only: bool = False
    extension: bool = False
    inside: str = ""
    aliases: tuple[str, ...] = ()
    shape: tuple[int | str, ...] = ()
    dtypes: tuple[Dtype, ...] = ()
    dtypes_on: dict[Device, tuple[Dtype, ...]] = field(default_factory=dict)
    columns: tuple[tuple[int, int], ...] = ()
    casts: tuple[str, ...] = ()
    held_in: str = ""
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    times: Factors = 1.0
    plus: Factors = 0.0
    order: tuple[int, ...] = ()
    layout: Literal["xyxy", "xywh", "cxcywh"] = "xyxy"
    errors: dict[Check, ErrorName] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class Return:
    """One value that the framework API returns, in order.

    With ``ends`` it is a list of tensors: the parts of the output that end where ``ends`` says.
    ``part`` is what of the output it is: its rows, how many there are, or each row after its places
    on the axes that the API goes through (``ApiTable.each``). Rows can be cut to some ``columns``
    (one column alone loses its axis); the parameters that ``at_most`` and ``padded_to`` name bound
    their number, and fill it up with ``fill``, unless the parameter ``padded_if`` is false; with
    the parameter ``bounded_if`` all merged places bound it by what each can give. ``axis``
    gives the places on one axis alone; ``clipped_if`` names a parameter that asks for numbers in
    [0, 1], and ``among`` one that lists the groups whose rows are returned. Of indices, ``rows_of``
    names the parameter whose rows are returned instead. A result is multiplied by ``times``, then
    ``plus`` is added; ``shape`` has the output's axes in the order of the result.
    """

    name: str
    output: str
    dtype: str
    ends: str = ""
    part: Literal["rows", "count", "places"] = "rows"
    axis: str = ""
    columns: tuple[int, ...] = ()
    at_most: str = ""
    padded_to: str = ""
    padded_if: str = ""
    bounded_if: str = ""
    clipped_if: str = ""
    among: str = ""
    fill: float | int = 0
    rows_of: str = ""
    times: float | int = 1
    plus: float | int = 0
    shape: tuple[str, ...] = ()


@dataclass(frozen=True)
class Variant:
    """Another table that describes the calls in which a parameter has a value (without: None).

    With ``above`` they are those in which it is a number above that one.
    """

    param: str
    table: str
    value: Scalar | None
    above: float | None = None


@dataclass(frozen=True)
class Constant:
    """A slot that the API itself fills, on every device or on one."""

    slot: str
    value: Scalar
    evidence: Evidence
    device: Device | None = None


@dataclass(frozen=True)
class Behaviour:
    """Axis values of an API, for every call or only on one device or for some dtypes."""

    evidence: Evidence
    set: dict[str, Scalar]
    device: Device | None = None
    dtypes: tuple[Dtype, ...] = ()


@dataclass(frozen=True)
class Deviation:
    """Where opsbridge does not imitate the real API, because it crashes, leaks or misleads.

    ``axes`` names the behaviour axes whose value stands for what opsbridge does instead; in the
    cases named in ``same_in`` the real API does that as well.
    """

    id: str
    real: Text
    ours: Text
    evidence: Evidence
    axes: tuple[str, ...] = ()
    same_in: tuple[str, ...] = ()


@dataclass(frozen=True)
class Limit:
    """A bound of one platform that the signature does not show."""

    platform: str
    slot: str
    kind: Literal["max_count"]
    number: int
    evidence: Evidence


@dataclass(frozen=True)
class ApiTable:
    """One framework API as a point in the parameter space of a core operator.

    ``errors`` says what the real API raises for arguments that fail a check; the errors of
    opsbridge are of that class, too. ``autocast`` lists the devices on which PyTorch's autocast
    widens 16-bit floating-point tensors to float32 before this API, and its results back;
    ``autocast_inside`` those on which it does so within the API, to which such tensors then come.
    ``mixed`` says what PyTorch's tensors of several floating-point dtypes give outside strict():
    results in their common dtype, or in the dtype of the first; without it they are refused.

    ``real`` is the dotted name that the framework has it by, where that is another, and
    ``real_arguments`` the arguments that make a call of it one of these; ``schema`` is the name of
    a function that gives its schema by name and version, where the framework has no callable;
    ``runtime_dtypes`` are those that the runtime has kernels for on a CPU. With ``own_tensors`` its
    tensors are neither PyTorch's nor MindSpore's. ``versions`` are the first and the last version
    that the table holds for. The operator runs once for every place on the axes in ``each``, which
    are axes of the parameters' shapes ("...": all leading ones); the results of those in ``merged``
    are put together by descending score.
    """

    name: str
    framework: str
    framework_name: str
    core: str
    form: Literal["function", "class"]
    text: Text
    documentation: Text
    params: tuple[Param, ...]
    returns: tuple[Return, ...]
    behaviour: tuple[Behaviour, ...]
    source: str
    example: str
    real: str = ""
    schema: str = ""
    runtime_dtypes: tuple[Dtype, ...] = ("float32",)
    own_tensors: bool = False
    versions: tuple[str, ...] = ()
    each: tuple[str, ...] = ()
    merged: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()
    real_arguments: dict[str, Scalar] = field(default_factory=dict)
    constants: tuple[Constant, ...] = ()
    autocast: tuple[Device, ...] = ()
    autocast_inside: tuple[Device, ...] = ()
    mixed: Mixed | None = None
    errors: dict[Check, ErrorName] = field(default_factory=dict)
    deviations: tuple[Deviation, ...] = ()
    limits: tuple[Limit, ...] = ()
