"""What hostile code does stays in its own folder, process tree and network; the run goes on."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from opsbridge.pages.launch import Launcher, environment, modules_of
from opsbridge.pages.model import Backend, Cause
from opsbridge.pages.run import HalfRecord, Job, Limits, Step, run_job
from opsbridge.pages.sandbox import Isolation, available

Run = Callable[..., HalfRecord]
SLEEPER = "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', {token!r}]{how})"


def needs(part: str) -> pytest.MarkDecorator:
    """Skip where the system does not let a process isolate itself in this respect."""
    reason = f"the system allows no isolation of {part}"
    return pytest.mark.skipif(not getattr(available(), part), reason=reason)


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    with Launcher() as launcher:
        yield launcher


@pytest.fixture
def run(launcher: Launcher) -> Run:
    """Return a function that runs statements as one half."""

    def run(*sources: str, **limits: float) -> HalfRecord:
        steps = [Step(i, i + 1, textwrap.dedent(source)) for i, source in enumerate(sources)]
        job = Job(sources, tuple(steps), Backend.PYTHON)
        return run_job(job, Limits(**{"seconds": 20.0, **limits}), launcher)  # type: ignore[arg-type]

    return run


@pytest.fixture(params=["isolated", "not isolated"])
def any_isolation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the test as the system allows, then as if it allowed nothing."""
    if request.param == "not isolated":
        monkeypatch.setattr("opsbridge.pages.run.available", Isolation)


def processes_with(token: str) -> list[int]:
    """Return the processes whose command line has a text, once none ends any more by itself."""
    deadline = time.monotonic() + 5
    while True:
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if token.encode() in words:
                found.append(int(folder.name))
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


@pytest.mark.usefixtures("any_isolation")
@pytest.mark.parametrize("how", ["", ", start_new_session=True"])
@pytest.mark.parametrize("end", ["x = 1", "while True: pass", "os.kill(os.getpid(), 9)"])
def test_nothing_started_outlives_the_half(run: Run, how: str, end: str) -> None:
    token = uuid.uuid4().hex
    start = f"import os, subprocess, sys\n{SLEEPER.format(token=token, how=how)}"
    record = run(start, end, seconds=1.5)
    assert record.outcomes[0].failure is None
    assert processes_with(token) == []


@pytest.mark.usefixtures("any_isolation")
def test_a_daemon_of_a_dead_parent_ends_as_well(run: Run) -> None:
    token = uuid.uuid4().hex
    source = f"""
        import os, subprocess, sys
        if not os.fork():
            os.setsid()
            {SLEEPER.format(token=token, how=", start_new_session=True")}
            os._exit(0)
        print(os.wait()[1])
        """
    assert run(source).outcomes[0].output == "0\n"
    assert processes_with(token) == []


def test_everything_ends_with_a_killed_parent(tmp_path: Path) -> None:
    token = uuid.uuid4().hex
    script = tmp_path / "parent.py"
    script.write_text(
        textwrap.dedent(f"""
        from opsbridge.pages.launch import Launcher
        from opsbridge.pages.model import Backend
        from opsbridge.pages.run import Job, Limits, Step, run_job
        source = '''import subprocess, sys
        {SLEEPER.format(token=token, how="")}.wait()'''
        with Launcher() as launcher:
            job = Job((source,), (Step(0, 1, source),), Backend.PYTHON)
            run_job(job, Limits(), launcher, lambda step: print("begun", flush=True))
        """)
    )
    with subprocess.Popen(
        [sys.executable, "-P", str(script)], stdout=subprocess.PIPE, start_new_session=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"begun\n"
        parent.send_signal(signal.SIGKILL)
    assert processes_with(token) == []


@needs("network")
def test_the_network_is_unreachable(run: Run) -> None:
    source = "import socket\nsocket.create_connection(('192.0.2.1', 80), 5)"
    failure = run(source).outcomes[0].failure
    assert failure is not None
    assert failure.errors == (101,)


@needs("network")
def test_code_can_talk_to_itself(run: Run) -> None:
    source = """
        import socket
        server = socket.create_server(('127.0.0.1', 0))
        client = socket.create_connection(server.getsockname())
        client.send(b'hello')
        print(server.accept()[0].recv(5))
        """
    assert run(source).outcomes[0].output == "b'hello'\n"


@needs("files")
def test_other_folders_are_read_only(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "file"
    record = run(
        "open('own', 'w').write('x'); print(open('own').read())", f"open({str(path)!r}, 'w')"
    )
    assert record.outcomes[0].output == "x\n"
    failure = record.outcomes[1].failure
    assert failure is not None
    assert failure.errors == (30,)
    assert not path.exists()


@needs("files")
def test_what_is_read_only_stays_so(run: Run, tmp_path: Path) -> None:
    source = f"""
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        print(libc.mount(None, b'/', None, 0x20 | 0x1000, None), ctypes.get_errno())
        print(libc.syscall(442, -100, b'/', 0x8000, b'\\0' * 8 + b'\\1' + b'\\0' * 23, 32))
        print(libc.unshare(0x10020000), libc.mount(None, b'/', None, 0x20 | 0x1000, None))
        open({str(tmp_path / "file")!r}, 'w')
        """
    record = run(source)
    assert record.outcomes[0].output.split()[:2] == ["-1", "1"]
    failure = record.outcomes[0].failure
    assert failure is not None
    assert failure.errors == (30,)


@needs("processes")
@needs("files")
def test_no_other_process_is_seen(run: Run) -> None:
    source = """
        import os, signal
        print(sorted(int(name) for name in os.listdir('/proc') if name.isdigit()))
        os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getppid(), signal.SIGTERM)
        """
    record = run(source, "print('alive')")
    assert record.outcomes[0].output == "[1, 2]\n"
    assert record.outcomes[1].output == "alive\n"


@needs("processes")
@needs("files")
def test_too_many_processes_are_stopped(run: Run) -> None:
    source = """
        import os, time
        for _ in range(60):
            if not os.fork():
                time.sleep(600)
        time.sleep(600)
        """
    record = run(source, processes=20)
    assert record.ended.startswith("stopped: it had started")
    assert record.kind is Cause.ENDED


def test_a_file_may_not_grow_without_end(run: Run) -> None:
    source = "with open('big', 'wb') as file:\n    file.write(bytes(3 << 20))"
    failure = run(source, file_bytes=1 << 20).outcomes[0].failure
    assert failure is not None
    assert failure.errors in ((27,), (28,))


@needs("files")
def test_many_files_may_not_grow_without_end(run: Run) -> None:
    source = """
        for number in range(8):
            with open(f'{number}', 'wb') as file:
                file.write(bytes(1 << 19))
        """
    failure = run(source, file_bytes=1 << 20).outcomes[0].failure
    assert failure is not None
    assert failure.errors == (28,)


def test_forged_results_are_a_cause(run: Run) -> None:
    source = """
        import os
        for descriptor in range(3, 100):
            try:
                os.write(descriptor, b'no json\\n')
            except OSError:
                pass
        """
    assert run(source, "print(1)").ended == "it wrote to the channel of its own results"


def test_secrets_stay_in_the_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "SSH_AUTH_SOCK"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    kept = environment()
    assert kept["OMP_NUM_THREADS"] == "1"
    assert not {"GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "SSH_AUTH_SOCK"} & set(kept)


def test_temporary_files_are_its_own(run: Run, tmp_path: Path) -> None:
    source = "import tempfile, os; print(tempfile.gettempdir() == os.getcwd())"
    with pytest.MonkeyPatch.context() as patch:
        # A module that imports tempfile early, as a warm framework does.
        (tmp_path / "early.py").write_text("import tempfile; tempfile.gettempdir()")
        patch.setenv("PYTHONPATH", str(tmp_path))
        patch.setattr("opsbridge.pages.run.modules_of", lambda *_: ("early",))
        assert run(source).outcomes[0].output == "True\n"


def test_forks_of_one_process_have_random_states_of_their_own(run: Run) -> None:
    pytest.importorskip("numpy")
    source = "import random, numpy\nprint(random.random(), numpy.random.rand())"
    first, second = (run(source).outcomes[0].output.split() for _ in range(2))
    assert first[0] != second[0]
    assert first[1] != second[1]


@pytest.mark.parametrize(
    ("sources", "stand_in", "modules"),
    [
        (["import json"], "", ()),
        (
            ["import torch.nn as nn", "from torchvision.ops import nms"],
            "",
            ("torch", "torchvision"),
        ),
        (["import numpy as np, torch"], "", ("torch",)),
        (["import torchvision as tv"], "", ("torch", "torchvision")),
        (["from mindspore import ops"], "", ("mindspore",)),
        (["x = 'import torch'", "# import torch"], "", ()),
        (["import torchaudio"], "", ()),
        (["import torch", "import opsbridge.torchvision.ops"], "", ("torch", "tvm_ffi")),
    ],
)
def test_only_what_the_code_imports_is_warm(
    sources: list[str], stand_in: str, modules: tuple[str, ...]
) -> None:
    assert modules_of(sources, stand_in) == modules


def test_a_stand_in_is_warm_without_what_it_replaces() -> None:
    modules = modules_of(["import mindspore", "import torch"], "MindSpore")
    assert "torch" in modules
    assert "mindspore" not in modules


def test_a_module_that_cannot_be_imported_leaves_a_fresh_process() -> None:
    job = Job(("print(1)",), (Step(0, 1, "print(1)"),), Backend.PYTHON)
    with Launcher() as own, pytest.MonkeyPatch.context() as patch:
        patch.setattr("opsbridge.pages.run.modules_of", lambda *_: ("no_such_module_7",))
        assert run_job(job, Limits(seconds=20), own).outcomes[0].output == "1\n"


def test_where_nothing_is_allowed_the_report_says_so() -> None:
    assert Isolation().describe() == (
        "network reachable, other files writable, other processes reachable"
    )
