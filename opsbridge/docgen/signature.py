"""The signature of an API as the pages of MindSpore print it, from its table."""

from __future__ import annotations

from opsbridge.tables.options import fold
from opsbridge.tables.schema import ApiTable, Param, Stage


def signature_text(api: ApiTable) -> str:
    """The signature of the real API; a class shows its constructor and the call of its instances.

    >>> from opsbridge.tables.load import load_api
    >>> signature_text(load_api("mindspore.ops.NMSWithMask"))
    'class mindspore.ops.NMSWithMask(iou_threshold=0.5)(bboxes)'
    """
    call = f"({_listed(api, 'call')})"
    return f"{api.name}{call}" if api.form == "function" else _of_class(api, call)


def _of_class(api: ApiTable, call: str) -> str:
    return f"class {api.name}({_listed(api, 'init')}){call}"


def _listed(api: ApiTable, stage: Stage) -> str:
    params = [param for param in api.params if param.stage == stage and not param.extension]
    return ", ".join(map(_written, fold(params)))


def _written(param: Param) -> str:
    return param.name if param.required else f"{param.name}={param.default!r}"
