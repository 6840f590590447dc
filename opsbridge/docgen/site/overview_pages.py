"""Pages over all tables: what is supported, and what was found wrong or silent elsewhere."""

from __future__ import annotations

from opsbridge.docgen.evidence import evidence_phrase
from opsbridge.docgen.markdown import code, joined, table
from opsbridge.docgen.wording import Language, pick
from opsbridge.tables.load import all_api_names, load_api
from opsbridge.tables.schema import ApiTable, Text

_MATRIX = Text("Support matrix", "支持矩阵")
_MATRIX_INTRO = Text(
    "From the tables that the front-ends and the tests read. Every API takes PyTorch, NumPy and "
    "MindSpore tensors; dtypes are those of the real API.",
    "取自前端与测试所读的同一组表格。每个接口都接受 PyTorch、NumPy 与 MindSpore 张量；"
    "数据类型为真实接口所接受的类型。",
)
_MATRIX_HEADER = Text(
    "API|Operator|Form|Dtypes|Dtypes on cpu|Autocast|Limits",
    "接口|算子|形式|数据类型|cpu 上的数据类型|自动混合精度|限制",
)
_FORMS = {"function": Text("function", "函数"), "class": Text("class", "类")}
_FOUND = Text("{name}: found wrong or silent", "{name}：文档有误或未说明之处")
_FOUND_INTRO = Text(
    "What the real operators do where their documentation says something else, or nothing; each "
    "case has a test in `tests/deviations` that runs the real operator where it is installed.",
    "真实算子与其文档不符、或文档未作说明的行为；每一条在 `tests/deviations` 中都有测试，"
    "装有该框架时运行真实算子。",
)
_FOUND_HEADER = Text("Case|What it does|opsbridge|Evidence", "情形|真实行为|opsbridge|依据")


def matrix_page(language: Language) -> str:
    """Every API with its dtypes, autocast and limits."""
    rows = [_matrix_row(load_api(name), language) for name in all_api_names()]
    header = pick(_MATRIX_HEADER, language).split("|")
    return joined(
        [f"# {pick(_MATRIX, language)}", pick(_MATRIX_INTRO, language), table(header, rows)]
    )


def _matrix_row(api: ApiTable, language: Language) -> tuple[str, ...]:
    first = next(param for param in api.params if "tensor" in param.types)
    return (
        f"[{api.name}](apis/{api.name}.md)",
        f"[{api.core}](operators/{api.core}.md)",
        pick(_FORMS[api.form], language),
        ", ".join(first.dtypes),
        ", ".join(first.dtypes_on.get("cpu", ())),
        ", ".join(dict.fromkeys((*api.autocast, *api.autocast_inside))),
        ", ".join(f"{limit.platform}: {limit.slot} ≤ {limit.number}" for limit in api.limits),
    )


def frameworks() -> dict[str, str]:
    """Frameworks that have tables, with the names that people know them by."""
    apis = map(load_api, all_api_names())
    return {api.framework: api.framework_name for api in apis}


def found_page(framework: str, language: Language) -> str:
    """All deviations of the APIs of a framework."""
    apis = [api for api in map(load_api, all_api_names()) if api.framework == framework]
    parts = [f"# {pick(_FOUND, language).format(name=framework)}", pick(_FOUND_INTRO, language)]
    header = pick(_FOUND_HEADER, language).split("|")
    for api in apis:
        if api.deviations:
            rows = [
                (
                    code(item.id),
                    pick(item.real, language),
                    pick(item.ours, language),
                    evidence_phrase(item.evidence, api.framework, language),
                )
                for item in api.deviations
            ]
            parts += [f"## {api.name}", table(header, rows)]
    return joined(parts)
