"""Pages over all tables: what is supported, and what was found wrong or silent elsewhere."""

from __future__ import annotations

from opsbridge.docgen.evidence import evidence_phrase
from opsbridge.docgen.find import apis_of
from opsbridge.docgen.markdown import code, joined, table
from opsbridge.docgen.site.proofs import proof_link
from opsbridge.docgen.wording import Language, pick
from opsbridge.tables.load import all_api_names, all_core_names, load_api
from opsbridge.tables.schema import ApiTable, Text
from opsbridge.tables.support import Cell, cells

_MATRIX = Text("Support matrix", "支持矩阵")
_MATRIX_INTRO = Text(
    "From `mappings/support.toml` and the tables that the front-ends read. A test makes a call for "
    "each cell that has a case, in each of its dtypes: those of the real API on that device. "
    "Gradients are those of the named inputs. A row of cuda is what the GPU kernels do by default. "
    "Graphs hold no call whose result has a length that depends on values; `opsbridge.ops."
    "padded_nms` has one that does not, and goes into `torch.cuda.graph`. `torch.compile` was not "
    "tried there.",
    "取自 `mappings/support.toml` 与前端所读的表格。测试对每个有用例的格子，以其每种数据类型"
    "（即真实接口在该设备上所接受的类型）实际调用。梯度指所列输入的梯度。"
    "cuda 各行为 GPU 内核在默认参数下所支持的调用。结果长度取决于数值的调用不能进入图；"
    "`opsbridge.ops.padded_nms` 的结果长度固定，可以进入 `torch.cuda.graph`。"
    "`torch.compile` 在 GPU 上尚未试过。",
)
_MATRIX_HEADER = Text(
    "API|Tensors|Device|Dtypes|Gradient of|Graph modes|Autocast|Limits",
    "接口|张量|设备|数据类型|可求梯度的输入|图模式|自动混合精度|限制",
)
_TENSORS = {"numpy": "NumPy", "torch": "PyTorch", "mindspore": "MindSpore"}
_FOUND = Text("{name}: found wrong or silent", "{name}：文档有误或未说明之处")
_FOUND_INTRO = Text(
    "What the real operators do where their documentation says something else, or nothing; each "
    "case links its test, which runs the real operator where it is installed.",
    "真实算子与其文档不符、或文档未作说明的行为；每一条都链接到相应的测试，"
    "装有该框架时测试会运行真实算子。",
)
_FOUND_HEADER = Text("Case|What it does|opsbridge|Evidence", "情形|真实行为|opsbridge|依据")


def matrix_page(language: Language) -> str:
    """A table per operator: each API on each framework's tensors and device."""
    header = pick(_MATRIX_HEADER, language).split("|")
    parts = [f"# {pick(_MATRIX, language)}", pick(_MATRIX_INTRO, language)]
    for op in all_core_names():
        rows = [_matrix_row(api, cell) for api in apis_of(op) for cell in cells(api)]
        parts += [f"## [{op}](operators/{op}.md)", table(header, rows)]
    return joined(parts)


def _matrix_row(api: ApiTable, cell: Cell) -> tuple[str, ...]:
    autocast = (*api.autocast, *api.autocast_inside) if cell.tensors == "torch" else ()
    return (
        f"[{api.name}](apis/{api.name}.md)",
        _TENSORS[cell.tensors],
        cell.device,
        ", ".join(cell.dtypes),
        ", ".join(map(code, cell.gradients)),
        ", ".join(map(code, cell.graphs)),
        cell.device if cell.device in autocast else "",
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
                    proof_link(api, item, code(item.id)),
                    pick(item.real, language),
                    pick(item.ours, language),
                    evidence_phrase(item.evidence, api.framework, language),
                )
                for item in api.deviations
            ]
            parts += [f"## {api.name}", table(header, rows)]
    return joined(parts)
