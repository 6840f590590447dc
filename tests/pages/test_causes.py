"""The cause of a failure is found by evidence, in the process and in the page, or unknown."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from opsbridge.pages.causes import Found, cause_of, parameters_of
from opsbridge.pages.evidence import Failure
from opsbridge.pages.launch import Launcher
from opsbridge.pages.model import Api, Backend, Cause
from opsbridge.pages.run import Job, Limits, Step, run_job

FRAMEWORK = {
    "__init__.py": "from frame import optim, layers, other\n"
    "class Tensor:\n    def item(self): return 1\n",
    "optim.py": "class Adamax: pass\n",
    "layers.py": "def dense(x, width): return x\n"
    "def any_call(*args, **kwargs): raise TypeError('no')\n",
    "other.py": "def moved(): pass\nmoved.__module__ = 'frame.other'\n",
    "datasets.py": "class Images:\n    def __init__(self, root):\n"
    "        raise RuntimeError('Dataset not found or corrupted.')\n",
}
APIS = [
    Api("frame.layers.dense", "frame.layers.dense(x, width, *, bias=True)", 1),
    Api("frame.Tensor.item", "frame.Tensor.item(index=None)", 2),
]
Explain = Callable[..., Found]


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    with Launcher() as launcher:
        yield launcher


@pytest.fixture
def explain(launcher: Launcher, tmp_path: Path) -> Explain:
    """Return a function that runs statements and gives the cause of the last one's failure."""
    package = tmp_path / "frame"
    package.mkdir()
    for name, text in FRAMEWORK.items():
        (package / name).write_text(text)

    def explain(*sources: str) -> Found:
        path = f"import sys; sys.path.insert(0, {str(tmp_path)!r})"
        every = [path, "import frame", *map(textwrap.dedent, sources)]
        steps = [Step(i, i + 1, source) for i, source in enumerate(every)]
        job = Job(tuple(every), tuple(steps), Backend.PYTHON)
        record = run_job(job, Limits(seconds=20), launcher)
        failure = record.outcomes[len(every) - 1].failure
        assert failure is not None, record
        return cause_of(failure, APIS)

    return explain


@pytest.mark.parametrize(
    ("source", "kind", "text"),
    [
        ("frame.optim.AdaMax()", Cause.RENAMED, "frame.optim.AdaMax is now frame.optim.Adamax"),
        ("from frame.optim import AdaMax", Cause.RENAMED, "is now frame.optim.Adamax"),
        ("frame.moved()", Cause.RENAMED, "frame.moved is now frame.other.moved"),
        ("frame.optim.Rprop()", Cause.REMOVED, "frame.optim.Rprop does not exist"),
        ("from frame.optim import Rprop", Cause.REMOVED, "frame.optim.Rprop does not exist"),
        ("import frame.old", Cause.REMOVED, "frame.old does not exist"),
        ("frame.Tensor().flip()", Cause.REMOVED, "frame.Tensor.flip does not exist"),
        ("import no_such_7.x", Cause.PACKAGE, "package no_such_7 is not installed"),
        ("'text'.no_such()", Cause.UNKNOWN, "'str' object has no attribute"),
        ("import json; json.no_such", Cause.UNKNOWN, "module 'json' has no attribute"),
        ("undefined", Cause.UNDEFINED, "NameError"),
    ],
)
def test_names(explain: Explain, source: str, kind: Cause, text: str) -> None:
    found = explain(source)
    assert found.kind is kind
    assert text in found.text


def test_a_lost_name_inside_the_framework_is_no_evidence(explain: Explain) -> None:
    source = "frame.layers.broken = lambda: frame.optim.AdaMax()\nframe.layers.broken()"
    assert explain("call = lambda: getattr(frame.optim, 'Ada' + 'Max')", "call()").kind is (
        Cause.UNKNOWN
    )
    assert explain(source).kind is Cause.RENAMED  # the statement itself says the name


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("frame.layers.dense(1, 2, bias=False)", Cause.SIGNATURE),
        ("frame.layers.dense(1, 2, True)", Cause.SIGNATURE),
        ("frame.layers.dense(1, 2, colour=1)", Cause.UNKNOWN),  # never documented
        ("frame.layers.dense(1, 2, 3, 4)", Cause.UNKNOWN),  # more than documented
        ("frame.layers.any_call(bias=1)", Cause.UNKNOWN),
    ],
)
def test_signatures(explain: Explain, source: str, kind: Cause) -> None:
    assert explain(source).kind is kind


def test_the_signature_of_a_method(explain: Explain) -> None:
    found = explain("tensor = frame.Tensor()", "print(tensor.item((0, 1)))")
    assert found.kind is Cause.SIGNATURE
    assert found.text == "frame.Tensor.item takes 0 arguments by position, documented are 1"


@pytest.mark.parametrize(
    ("sources", "path"),
    [
        (["open('./data/train.txt')"], "./data/train.txt"),
        (["path = 'model.ckpt'", "open(path)"], "model.ckpt"),
        (["import frame.datasets as d", "d.Images('./images')"], "./images"),
        (["root = './images'\nimport frame.datasets as d", "d.Images(root=root)"], "./images"),
        (["def load(at): raise ValueError(f'The folder {at} does not exist')", "load('/data/x')"],
         "/data/x"),
    ],
)  # fmt: skip
def test_missing_data(explain: Explain, sources: list[str], path: str) -> None:
    found = explain(*sources)
    assert found.kind is Cause.DATA
    assert repr(path) in found.text


def test_a_path_that_exists_is_no_missing_data(explain: Explain) -> None:
    found = explain("open('there.txt', 'w').close()", "open('there.txt', 'x')")
    assert found.kind is Cause.UNKNOWN


@pytest.mark.parametrize(
    "source",
    [
        "raise ValueError('a/b')",
        "raise ValueError(f'{1} of a/b') from KeyError('a/b')",
        "assert not [1], 'a/b.c'",
        "def check(x):\n    if x: raise ValueError('N/A')\ncheck(1)",
    ],
)
def test_a_path_in_the_message_of_the_code_itself_is_no_missing_data(
    explain: Explain, source: str
) -> None:
    assert explain(source).kind is Cause.UNKNOWN


def test_a_path_that_the_code_looks_for_itself_is_missing_data(explain: Explain) -> None:
    found = explain("import os\nassert os.path.exists('a/b'), 'no a/b'")
    assert found.kind is Cause.DATA


def test_network(explain: Explain) -> None:
    source = """
        import urllib.request
        urllib.request.urlopen('http://192.0.2.1/data.zip', timeout=5)
        """
    assert explain(source).kind is Cause.NETWORK


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Unsupported op [InstanceNorm] on CPU, please confirm", Cause.PLATFORM),
        ("Select CPU operator[NMSWithMask] fail! Unsupported data type!", Cause.PLATFORM),
        ("'Dropout' only supports Ascend.", Cause.PLATFORM),
        ("MaxPoolGradGrad does not support on CPU!", Cause.PLATFORM),
        ("the dtype of 'x' must be float16 or float32 on CPU, but got int8", Cause.PLATFORM),
        ("Torch not compiled with CUDA enabled", Cause.PLATFORM),
        ("[enforce fail] DefaultCPUAllocator: can't allocate memory", Cause.MEMORY),
        ("shapes do not match", Cause.UNKNOWN),
    ],
)
def test_messages(message: str, kind: Cause) -> None:
    assert cause_of(Failure("RuntimeError", message), []).kind is kind


def test_memory(explain: Explain) -> None:
    assert explain("x = bytearray(1 << 60)").kind is Cause.MEMORY


@pytest.mark.parametrize(
    ("signature", "names"),
    [
        ("class a.B(x, y=(1, 2), *, z: int = 3)(inputs)", ["x", "y", "z", "inputs"]),
        ("a.b(*size, out=None) -> Tensor", ["size", "out"]),
        ("a.b()", []),
        ("", []),
    ],
)
def test_parameters_of_printed_signatures(signature: str, names: list[str]) -> None:
    assert parameters_of(signature) == names


def test_a_failure_survives_json() -> None:
    failure = Failure("E", "m", 3, errors=(2,), found=("a",), paths=("p",))
    assert Failure.from_data(json.loads(json.dumps(vars(failure)))) == failure


def test_an_exception_that_cannot_be_looked_at(explain: Explain) -> None:
    hostile = """
        class Odd(Exception):
            def __str__(self): raise ValueError
            @property
            def filename(self): raise ValueError
        raise Odd()
        """
    assert explain(hostile) == Found(Cause.UNKNOWN, "Odd")
