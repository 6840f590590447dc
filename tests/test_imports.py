"""Who may import whom, as the design says it, read from the sources of the installed package."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from child_process import python_output

import opsbridge

PACKAGE = Path(str(opsbridge.__file__)).parent
FRAMEWORKS = {"torch", "torchvision", "mindspore"}
NATIVE = {"tvm_ffi"}

# A part of the package -> (what it may import of opsbridge, what it may import from elsewhere).
# A part is a folder or a module; the longest name that fits holds. The standard library is free.
# What everything may use: the exceptions, and how text from elsewhere is shown.
ERRORS = {"opsbridge.errors", "opsbridge.visible"}
TABLES = ERRORS | {"opsbridge.tables"}
CORE = ERRORS | {"opsbridge.core"}
# Results of direct calls, whichever framework asks.
ARRAYS = {"opsbridge.frameworks.arrays"}
LAYERS: dict[str, tuple[set[str], set[str]]] = {
    "opsbridge": ({"opsbridge.by_tables"}, set()),
    # Modules made of tables are made when they are imported.
    "opsbridge.by_tables": (TABLES | {"opsbridge.frontend"}, set()),
    "opsbridge.errors": (set(), set()),
    "opsbridge.visible": (set(), set()),
    # Whether mixed dtypes and the like are refused: asked by front-ends and the surface.
    "opsbridge.strictness": (set(), set()),
    "opsbridge.tables": (TABLES, set()),
    # The linter compares tables with what is installed, in so far as it is.
    "opsbridge.tables.lint": (TABLES, FRAMEWORKS),
    "opsbridge.tables.signatures": (TABLES, FRAMEWORKS),
    "opsbridge.core": (CORE, {"numpy"}),
    "opsbridge.core.native": (CORE, NATIVE),
    # Files of weights, as bytes with a name, a type and a shape: for porting and the surface alike.
    "opsbridge.checkpoints": (ERRORS | {"opsbridge.checkpoints"}, {"numpy"}),
    "opsbridge.checkpoints.safetensors_file": (
        ERRORS | {"opsbridge.checkpoints"},
        {"numpy", "safetensors"},
    ),
    "opsbridge.checkpoints.torch_file": (ERRORS | {"opsbridge.checkpoints"}, {"torch"}),
    "opsbridge.checkpoints.rules": (TABLES, set()),
    # The child process that builds a user's network, on opsbridge's surface where it needs one.
    "opsbridge.checkpoints.inspect_child": (
        {"opsbridge.checkpoints", "opsbridge.mindspore"},
        set(),
    ),
    "opsbridge.compare": (ERRORS | {"opsbridge.compare"}, {"numpy"}),
    "opsbridge.compare.plot": (ERRORS | {"opsbridge.compare"}, {"matplotlib"}),
    "opsbridge.compare.weights": (ERRORS | {"opsbridge.checkpoints"}, {"numpy"}),
    # One side of a comparison runs in a child process, on whichever framework it names.
    "opsbridge.compare.run_child": (
        {"opsbridge.checkpoints", "opsbridge.compare", "opsbridge.mindspore"},
        {"numpy", "mindspore", "torch"},
    ),
    "opsbridge.cuda": (CORE, set()),
    "opsbridge.progress": (set(), {"rich"}),
    "opsbridge.reference": (ERRORS | {"opsbridge.reference"}, {"numpy"}),
    # It imports the layer of a tensor's framework when such a tensor comes.
    "opsbridge.frameworks": (CORE | {"opsbridge.frameworks"}, set()),
    "opsbridge.frameworks.arrays": (CORE, {"numpy"}),
    "opsbridge.frameworks.brain_floats": (CORE, {"numpy"}),
    "opsbridge.frameworks.eager": (set(), set()),
    "opsbridge.frameworks.host": (set(), set()),
    "opsbridge.frameworks.numpy": (
        CORE | {"opsbridge.frameworks.eager", "opsbridge.frameworks.host"} | ARRAYS,
        {"numpy"},
    ),
    "opsbridge.frameworks.gradients": (CORE, set()),
    "opsbridge.frameworks.mindspore": (
        CORE
        | {
            "opsbridge.frameworks.brain_floats",
            "opsbridge.frameworks.eager",
            "opsbridge.frameworks.gradients",
            "opsbridge.frameworks.host",
            "opsbridge.frameworks.mindspore_direct",
        },
        {"numpy", "mindspore"},
    ),
    "opsbridge.frameworks.mindspore_direct": (CORE | ARRAYS, {"mindspore"}),
    # Calls in MindSpore's graphs: taken down with symbols, kept as constants, made by Cells.
    "opsbridge.frameworks.mindspore_symbols": (
        CORE | {"opsbridge.frameworks"},
        {"numpy"},
    ),
    "opsbridge.frameworks.mindspore_refusals": (
        CORE | {"opsbridge.frameworks.eager", "opsbridge.frameworks.mindspore_symbols"},
        {"numpy"},
    ),
    "opsbridge.frameworks.mindspore_constants": (
        CORE
        | {
            "opsbridge.frameworks.gradients",
            "opsbridge.frameworks.mindspore_refusals",
            "opsbridge.frameworks.mindspore_symbols",
        },
        {"numpy", "mindspore"},
    ),
    "opsbridge.frameworks.mindspore_graph": (
        CORE | {"opsbridge.frameworks.gradients", "opsbridge.frameworks.mindspore_constants"},
        {"mindspore"},
    ),
    "opsbridge.frameworks.torch": (
        CORE
        | {
            "opsbridge.frameworks.torch_device_road",
            "opsbridge.frameworks.torch_library",
            "opsbridge.frameworks.torch_tensors",
        }
        | ARRAYS,
        {"torch"},
    ),
    "opsbridge.frameworks.torch_device_road": (
        CORE | {"opsbridge.frameworks.torch_tensors"},
        {"torch"},
    ),
    "opsbridge.frameworks.torch_library": (
        CORE | {"opsbridge.frameworks.torch_tensors"},
        {"torch"},
    ),
    "opsbridge.frameworks.torch_modules": (set(), {"torch"}),
    "opsbridge.frameworks.torch_tensors": (CORE, {"torch"}),
    "opsbridge.frontend": (
        TABLES
        | CORE
        | {
            "opsbridge.arguments",
            "opsbridge.strictness",
            "opsbridge.callables",
            "opsbridge.direct",
            "opsbridge.frameworks",
            "opsbridge.graphs",
            "opsbridge.shaping",
        },
        set(),
    ),
    "opsbridge.arguments": (
        TABLES | CORE | {"opsbridge.forming", "opsbridge.frameworks", "opsbridge.shaping"},
        set(),
    ),
    "opsbridge.forming": (TABLES | {"opsbridge.frameworks"}, set()),
    # Results are put together as arrays, whichever framework asks.
    "opsbridge.shaping": (
        TABLES | CORE | {"opsbridge.forming", "opsbridge.frameworks"},
        {"numpy"},
    ),
    "opsbridge.direct": (TABLES | CORE, set()),
    # A framework's forms of the callables are imported where the framework is in use.
    "opsbridge.callables": (
        TABLES
        | {
            "opsbridge.direct",
            "opsbridge.frameworks.mindspore_graph",
            "opsbridge.frameworks.torch_modules",
            "opsbridge.frontend",
            "opsbridge.graphs",
        },
        set(),
    ),
    "opsbridge.graphs": (TABLES, {"torch"}),
    "opsbridge.torchvision": (
        {"opsbridge.callables", "opsbridge.frontend", "opsbridge.torchvision"},
        set(),
    ),
    # A composition of operators, on the arrays of whichever framework comes.
    "opsbridge.torchvision.multiscale": (
        ERRORS | {"opsbridge.callables", "opsbridge.frameworks", "opsbridge.frontend"},
        {"numpy", "mindspore"},
    ),
    "opsbridge.torchvision.override": (
        TABLES | {"opsbridge.frontend", "opsbridge.torchvision.ops"},
        {"numpy", "torch", "torchvision"},
    ),
    "opsbridge.torchvision.scripted": (
        {"opsbridge.graphs", "opsbridge.torchvision.ops"},
        {"torch"},
    ),
    "opsbridge.mmcv": (ERRORS | {"opsbridge.frontend", "opsbridge.mmcv"}, set()),
    "opsbridge.mmdet": ({"opsbridge.frontend"}, set()),
    "opsbridge.detectron2": ({"opsbridge.frontend"}, set()),
    "opsbridge.onnx": ({"opsbridge.frontend"}, set()),
    "opsbridge.opencv": ({"opsbridge.frontend"}, set()),
    "opsbridge.paddle": ({"opsbridge.frontend"}, set()),
    "opsbridge.tensorflow": ({"opsbridge.frontend"}, set()),
    # The core operators by their own names: a front-end of the core tables.
    "opsbridge.canonical": (
        TABLES | CORE | {"opsbridge.frameworks", "opsbridge.canonical_direct"},
        set(),
    ),
    "opsbridge.canonical_direct": (TABLES | CORE | {"opsbridge.frameworks"}, set()),
    "opsbridge.ops": (CORE | {"opsbridge.canonical"}, set()),
    "opsbridge.alias": (ERRORS, set()),
    "opsbridge.torch": (
        ERRORS | {"opsbridge.alias", "opsbridge.torch", "opsbridge.torchvision.ops"},
        {"numpy", "mindspore"},
    ),
    # Kernels are loaded while the real PyTorch is in place.
    "opsbridge.torch.alias": (CORE | {"opsbridge.alias"}, set()),
    "opsbridge.mindspore": (
        TABLES
        | {
            "opsbridge.alias",
            "opsbridge.checkpoints",
            "opsbridge.frontend",
            "opsbridge.mindspore",
            "opsbridge.strictness",
        },
        {"numpy", "torch"},
    ),
    "opsbridge.pages": (TABLES | {"opsbridge.pages"}, {"markdown_it", "pytest_doctestplus"}),
    # The child process of a page is where its examples run, on whichever frameworks they use.
    "opsbridge.pages.child": (
        ERRORS | {"opsbridge.pages", "opsbridge.mindspore", "opsbridge.torch"},
        {"numpy", *FRAMEWORKS},
    ),
    # What reports need is imported when they are asked for.
    "opsbridge.pages.html_report": (
        ERRORS | {"opsbridge.pages"},
        {"jinja2", "markupsafe"},
    ),
    "opsbridge.pages.progress": (ERRORS | {"opsbridge.pages", "opsbridge.progress"}, set()),
    # The plugin imports the rest only if pages are asked for.
    "opsbridge.pages.pytest_plugin": (ERRORS | {"opsbridge.pages"}, {"pytest"}),
    "opsbridge.pages.pytest_items": (ERRORS | {"opsbridge.pages"}, {"_pytest", "pytest", "sybil"}),
    "opsbridge.pages.pytest_pages": (ERRORS | {"opsbridge.pages"}, {"pytest", "sybil"}),
    # Names of APIs are looked up in whichever frameworks are installed, in a child process.
    "opsbridge.pages.lint.resolve_child": (set(), set()),
    # Source is parsed, never imported; libcst is there with opsbridge[port].
    "opsbridge.port": (
        TABLES | {"opsbridge.port", "opsbridge.progress"},
        {"libcst", "jinja2"},
    ),
    "opsbridge.docgen": (TABLES | {"opsbridge.docgen"}, set()),
    # Its examples run where those of pages do.
    "opsbridge.docgen.recorded": (TABLES | {"opsbridge.docgen", "opsbridge.pages"}, set()),
    # Figures are drawn from what the reference computes.
    "opsbridge.docgen.onnx_nodes": (TABLES | {"opsbridge.docgen"}, {"onnx"}),
    "opsbridge.docgen.figures": (
        TABLES | {"opsbridge.docgen", "opsbridge.reference"},
        {"matplotlib", "numpy"},
    ),
    "opsbridge.docgen.site": (TABLES | {"opsbridge.docgen"}, {"sphinx"}),
    "opsbridge.__main__": ({"opsbridge.cli"}, set()),
    "opsbridge.cli": (ERRORS, {"argcomplete"}),
    "opsbridge.info": (TABLES | CORE | {"opsbridge.frameworks.host"}, set()),
}


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of the package, with its file."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = ("opsbridge", *path.relative_to(PACKAGE).with_suffix("").parts)
        yield ".".join(parts).removesuffix(".__init__"), path


def inside(name: str, part: str) -> bool:
    """Whether a module is a part of the package, or lies in it."""
    return name == part or name.startswith(part + ".")


def layer_of(module: str) -> str:
    """The longest part that the module belongs to."""
    parts = [part for part in LAYERS if inside(module, part)]
    best = max(parts, key=len)
    return module if best == "opsbridge" and module != "opsbridge" else best


def imports_of(path: Path) -> Iterator[str]:
    """The full name of everything that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            source = str(node.module)
            yield from (
                f"{source}.{alias.name}" if is_module(f"{source}.{alias.name}") else source
                for alias in node.names
            )
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield from (name for name in map(constant_text, node.args[:1]) if name)


def constant_text(node: ast.expr) -> str:
    """The text of a literal, up to the first part that is computed."""
    if isinstance(node, ast.JoinedStr):
        return constant_text(node.values[0]).rstrip(".")
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def is_module(name: str) -> bool:
    """Whether a dotted name is a module of the package."""
    path = PACKAGE.joinpath(*name.split(".")[1:])
    return inside(name, "opsbridge") and (path.is_dir() or path.with_suffix(".py").is_file())


@pytest.mark.parametrize(("module", "path"), list(modules()), ids=str)
def test_a_module_imports_only_what_its_layer_may(module: str, path: Path) -> None:
    layer = layer_of(module)
    assert layer in LAYERS, f"{module} belongs to no layer of the design"
    ours, others = LAYERS[layer]
    for name in imports_of(path):
        root = name.partition(".")[0]
        if root in sys.stdlib_module_names or name == "__future__":
            continue
        if root == "opsbridge":
            assert any(inside(name, part) for part in ours), f"{module} may not import {name}"
        else:
            assert root in others, f"{module} may not import {name}"


def test_every_layer_exists() -> None:
    names = {name for name, _ in modules()}
    assert set(LAYERS) <= names


def test_frameworks_never_import_each_other() -> None:
    for name in ("numpy", "torch", "mindspore"):
        ours, others = LAYERS[f"opsbridge.frameworks.{name}"]
        rivals = {"numpy", "torch", "mindspore"} - {name}
        assert not {f"opsbridge.frameworks.{rival}" for rival in rivals} & ours
        assert not others & FRAMEWORKS - {name}


def test_the_parser_of_imports_sees_what_there_is(tmp_path: Path) -> None:
    source = tmp_path / "module.py"
    source.write_text(
        "import torch.nn, os\n"
        "from opsbridge.core import nms, checks\n"
        "def f():\n    from mindspore import Tensor\n"
        "importlib.import_module(f'opsbridge.frameworks.{name}')\n"
        "import_module('torchvision')\n"
    )
    assert set(imports_of(source)) == {
        *("torch.nn", "os", "opsbridge.core.nms", "opsbridge.core.checks"),
        *("opsbridge.frameworks", "torchvision", "mindspore"),
    }


LOADED = """
    import importlib, sys
    importlib.import_module(sys.argv[1])
    loaded = {name.partition(".")[0] for name in sys.modules}
    print(*sorted(loaded & {"torch", "torchvision", "mindspore", "tvm_ffi", "numpy"}))
    with open("/proc/self/maps") as maps:
        print(*{line.split()[-1] for line in maps if "libopsbridge" in line})
"""


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("opsbridge", set()),
        ("opsbridge.errors", set()),
        ("opsbridge.cli", set()),
        ("opsbridge.tables.load", set()),
        ("opsbridge.tables.diff", set()),
        ("opsbridge.docgen.command", set()),
        ("opsbridge.pages.lint.command", set()),
        ("opsbridge.pages.pytest_plugin", set()),
        ("opsbridge.docgen.explain", set()),
        ("opsbridge.checkpoints.mindspore_file", {"numpy"}),
        ("opsbridge.core", {"numpy"}),
        ("opsbridge.torchvision", set()),
        ("opsbridge.torchvision.ops", {"numpy"}),
        ("opsbridge.mindspore", set()),
        ("opsbridge.mindspore.ops", {"numpy"}),
    ],
)
def test_importing_takes_no_framework_and_no_kernels(module: str, allowed: set[str]) -> None:
    loaded, libraries = f"{python_output(LOADED, module)}\n\n".split("\n")[:2]
    assert set(loaded.split()) <= allowed
    assert libraries == ""


def test_headers_of_kernels_include_only_headers_of_kernels() -> None:
    csrc = Path(__file__).resolve().parents[1] / "opsbridge" / "csrc"
    headers = [*csrc.glob("ops/*.h"), *csrc.glob("include/**/*.h")]
    assert headers
    for header in headers:
        for line in header.read_text(encoding="utf-8").splitlines():
            if line.startswith('#include "'):
                included = line.split('"')[1]
                # What runs on a device names the executor that it runs on.
                device = ("cuda/",) if header.stem.endswith("_device") else ()
                allowed = ("opsbridge/", "ops/", "runtime/", *device)
                assert included.startswith(allowed), (header, included)
                if "include/opsbridge" in header.as_posix():
                    assert included.startswith("opsbridge/"), (header, included)
