"""The docstring of an API, which is also its entry in the reference, from its table."""

from __future__ import annotations

from opsbridge.tables.schema import ApiTable, Param


def describe(table: ApiTable) -> str:
    """The docstring of an API, from its table."""
    lines = [table.text.en, ""]
    for param in table.params:
        kinds = " or ".join(param.types).replace("_", " ") + (" or None" if param.optional else "")
        shape = f" of shape ({', '.join(map(str, param.shape))})" if param.shape else ""
        dtypes = f", {' or '.join(param.dtypes)}" if param.dtypes else ""
        default = "" if param.required else f"; default {param.default!r}"
        name = f'{param.inside}["{param.name}"]' if param.inside else param.name
        lines.append(f"{name}: {kinds}{shape}{dtypes}{default}{_remark(param)}")
    lines += ["", "Returns " + ", ".join(f"{r.name} ({r.dtype})" for r in table.returns) + "."]
    lines += ["Raises ArgumentError, DtypeError or DeviceError before anything is computed."]
    for deviation in table.deviations:
        lines.append(f"Differs from the real one on purpose: {deviation.ours.en}")
    return "\n".join([*lines, "", f"Source: {table.source}", "", table.example.strip(), ""])


def _remark(param: Param) -> str:
    remarks = ["not in the real API"] if param.extension else []
    remarks += [f"{alias} is an older name" for alias in param.aliases]
    return f" ({'; '.join(remarks)})" if remarks else ""
