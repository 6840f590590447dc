"""What an API takes and gives beyond its values: tensors, devices, dtypes, gradients and graphs.

`mappings/support.toml` says it per framework of the tensors, the table of the API says the dtypes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from opsbridge.tables.decode import decode
from opsbridge.tables.load import display, load_core, read_toml, table_root
from opsbridge.tables.pairing import axis_values
from opsbridge.tables.schema import ApiTable, Device, Scalar


@dataclass(frozen=True)
class TensorSupport:
    """What holds for the tensors of a framework in every operator.

    ``without_dtypes`` do not exist there; graphs in ``without_parts`` lack results that are lists.
    """

    devices: tuple[Device, ...]
    gradients: bool = False
    graphs: tuple[str, ...] = ()
    without_dtypes: tuple[str, ...] = ()
    without_parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class CudaSupport:
    """The core operators with kernels for a GPU, and those of them with kernels for gradients.

    ``graphs`` are the graph modes that were tried there, each with the operators whose calls it
    holds. There are no kernels for an API that returns one of ``without_outputs`` or whose
    conventions, there and by default, are among the values of ``without``, which are by axis.
    """

    operators: tuple[str, ...] = ()
    gradients: tuple[str, ...] = ()
    graphs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    without_outputs: tuple[str, ...] = ()
    without: dict[str, tuple[Scalar, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Support:
    """The whole file; ``gradients`` are slots by core operator."""

    tensors: dict[str, TensorSupport]
    cuda: CudaSupport = CudaSupport()
    gradients: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Cell:
    """An API on tensors of one framework on one device.

    ``gradients`` are the parameters that have one, ``graphs`` the graph modes that hold a call.
    """

    api: str
    tensors: str
    device: Device
    dtypes: tuple[str, ...]
    gradients: tuple[str, ...]
    graphs: tuple[str, ...]


@lru_cache
def support() -> Support:
    """The declarations.

    Raises:
        TableError: the file is not valid.
    """
    path = table_root() / "support.toml"
    return decode(Support, read_toml(path), display(path))


def cells(api: ApiTable) -> list[Cell]:
    """All cells of an API, by framework of the tensors and device."""
    found = []
    for tensors, facts in support().tensors.items():
        for device in facts.devices:
            if device == "cuda" and not has_cuda(api):
                continue
            dtypes = [d for d in _dtypes(api, device) if d not in facts.without_dtypes]
            parts = facts.without_parts if any(value.ends for value in api.returns) else ()
            modes = facts.graphs if device == "cpu" else _cuda_graphs(api)
            graphs = tuple(mode for mode in modes if mode not in parts)
            has_gradients = device == "cpu" or api.core in support().cuda.gradients
            slots = support().gradients.get(api.core, ()) if facts.gradients else ()
            slots = slots if has_gradients else ()
            names = [p.name for p in api.params if not {*slots}.isdisjoint(p.fills)]
            found.append(Cell(api.name, tensors, device, tuple(dtypes), tuple(names), graphs))
    return found


def has_cuda(api: ApiTable) -> bool:
    """Whether there are kernels for a GPU that do what the API does there by default."""
    facts = support().cuda
    values = axis_values(api, load_core(api.core), "cuda")
    return (
        api.core in facts.operators
        and not any(value.output in facts.without_outputs for value in api.returns)
        and not any(values.get(axis) in lacking for axis, lacking in facts.without.items())
    )


def _cuda_graphs(api: ApiTable) -> list[str]:
    """The graph modes of a GPU; APIs for tensors of their own come there with values to look at."""
    modes = support().cuda.graphs.items()
    return [mode for mode, operators in modes if api.core in operators and not api.own_tensors]


def _dtypes(api: ApiTable, device: Device) -> tuple[str, ...]:
    """The dtypes of the first tensor, which decides those of the others."""
    first = next(param for param in api.params if "tensor" in param.types)
    return first.dtypes_on.get(device, first.dtypes)
