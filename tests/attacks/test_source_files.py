"""Source that means harm to `opsbridge port`: never run, nothing written elsewhere."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

import pytest
from child_process import run_python

from opsbridge import cli

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")

MODEL = "from mindspore import nn\n\nx = nn.Cell\n"
TRANSLATED = "import torch\n\nx = torch.nn.Module\n"
SECONDS = 60
TRAP = "open({path!r}, 'w').close()\nraise SystemExit(3)\n"


def ported(source: Path, out: Path, *more: str) -> int:
    """The status of a translation, which takes little time and changes nothing in the source."""
    start = time.process_time()
    status = cli.main(["port", str(source), "-o", str(out), *more])
    assert time.process_time() - start < SECONDS
    return status


HEAD = b"from mindspore import nn\n"
HOSTILE: dict[str, tuple[bytes, str]] = {
    "blocks": (
        HEAD + b"".join(b" " * n + b"if nn:\n" for n in range(150)) + b" " * 150 + b"nn",
        "too many levels of indentation",
    ),
    "lambdas": (HEAD + b"x = " + b"lambda: " * 5000 + b"nn.Cell\n", "nested"),
    "calls": (HEAD + b"x = " + b"nn.Cell(" * 150 + b")" * 150 + b"\n", ""),
    "nested strings": (HEAD + b"x = " + b"f'{" * 200 + b"nn" + b"}'" * 200 + b"\n", ""),
    "a line of a megabyte": (HEAD + b"x = '" + b"y" * (1 << 20) + b"'\n", ""),
    "a number of a megabyte": (HEAD + b"x = " + b"7" * (1 << 20) + b"\n", "limit"),
    "a name of a megabyte": (HEAD + b"y" * (1 << 20) + b" = nn.Cell\n", ""),
    "a sum without end": (HEAD + b"x = nn" + b" + nn" * 5000 + b"\n", "nested"),
    "a chain of else": (HEAD + b"if nn: pass\n" + b"elif nn: pass\n" * 3000, "nested"),
    "only open brackets": (HEAD + b"x = " + b"(" * 100_000, "too many nested"),
    "backslashes": (HEAD + b"\\\n" * 100_000 + b"x = nn\n", ""),
    "a null byte": (HEAD + b"x = '\0'\n", "contains a null character"),
    "UTF-16": (HEAD.decode().encode("utf-16"), ": "),
    "UTF-16 that is declared": (b"# coding: utf-16\n" + HEAD, "the declaration itself"),
    "UTF-32 that is declared": (b"# coding: utf-32\n" + HEAD, ": "),
    "an odd number of bytes of UTF-16": (b"# coding: utf-16 \n" + HEAD, ": "),
    "a codec that is no encoding": (b"# coding: base64_codec\n" + HEAD, ": "),
    "a codec of addresses": (b"# coding: idna\n" + HEAD + b"\xff", ": "),
    "a codec that unpacks": (b"# coding: zlib\n" + HEAD, ": "),
    "raw escapes": (b"# coding: unicode_escape\n" + HEAD + b"#\\N{no such}\n", ": "),
    "a lonely surrogate": (HEAD + b"x = '\xed\xa0\x80'\n", "is not utf-8"),
    "two encodings": (b"\xef\xbb\xbf# coding: latin-1\n" + HEAD, ": "),
    "other line ends": (HEAD.replace(b"\n", b"\r\x0c\n\r") + b"x = nn\x1a\n", ""),
    "escapes of a terminal": (HEAD + b"x = nn.\x1b[2Jy\n", ": "),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_named_and_copied(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, said = HOSTILE[name]
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    (source / "bad.py").write_bytes(data)
    (source / "good.py").write_text(MODEL)
    status = ported(source, out)
    written = capsys.readouterr()
    assert (out / "good.py").read_text() == TRANSLATED
    assert (source / "bad.py").read_bytes() == data
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == 2 * ["bad.py"] + 2 * ["good.py"]
    assert "\x1b" not in written.out + written.err
    if said:
        assert status == 1
        assert said in written.out
        assert (out / "bad.py").read_bytes() == data


@pytest.mark.parametrize("name", ["mindspore.py", "libcst.py", "conftest.py", "sitecustomize.py"])
def test_no_source_runs(name: str, tmp_path: Path) -> None:
    source, ran = tmp_path / "in", tmp_path / "ran"
    source.mkdir()
    (source / name).write_text(TRAP.format(path=str(ran)) + MODEL)
    (source / "model.py").write_text("import mindspore.nn\n" + MODEL)
    program = "import sys; from opsbridge.cli import main; sys.exit(main(sys.argv[1:]))"
    done = run_python(
        f"import os; os.chdir({str(source)!r})\n{program}", "port", ".", "-o", "../out", "-q"
    )
    assert done.returncode == 0, done.stderr
    assert not ran.exists()
    assert (tmp_path / "out" / name).exists()


def test_links_lead_nowhere(tmp_path: Path) -> None:
    source, out, other = tmp_path / "in", tmp_path / "out", tmp_path / "other"
    source.mkdir()
    other.mkdir()
    (other / "secret.py").write_text(MODEL)
    (source / "model.py").write_text(MODEL)
    (source / "itself.py").symlink_to(source / "itself.py")
    (source / "around").symlink_to(source, target_is_directory=True)
    (source / "other").symlink_to(other, target_is_directory=True)
    (source / "gone.py").symlink_to(tmp_path / "no such file")
    (source / "zero.py").symlink_to("/dev/zero")
    os.mkfifo(source / "pipe.py")
    assert ported(source, out, "-q") == 0
    assert [path.name for path in out.iterdir()] == ["model.py"]
    assert cli.main(["port", str(source), "--in-place", "-q"]) == 0
    assert (other / "secret.py").read_text() == MODEL


def test_results_are_not_written_through_a_link(tmp_path: Path) -> None:
    """What lies in the folder of results may be a trap of whoever else can write there."""
    source, out, other = tmp_path / "in", tmp_path / "out", tmp_path / "other"
    for folder in (source / "sub", out, other):
        folder.mkdir(parents=True)
    (source / "model.py").write_text(MODEL)
    (other / "precious").write_text("precious")
    (out / "model.py").symlink_to(other / "precious")
    assert ported(source, out, "-q") == 0
    assert (other / "precious").read_text() == "precious"
    assert (out / "model.py").read_text() == TRANSLATED
    assert not (out / "model.py").is_symlink()
    (source / "sub" / "inner.py").write_text(MODEL)
    (out / "sub").symlink_to(other, target_is_directory=True)
    assert ported(source, out, "-q") == 2
    assert [path.name for path in other.iterdir()] == ["precious"]


def test_a_pipe_for_a_source_is_not_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    assert cli.main(["port", str(tmp_path / "pipe.py"), "-o", str(tmp_path / "out.py")]) == 2
    assert "no regular file" in capsys.readouterr().err
    assert not (tmp_path / "out.py").exists()


def test_a_name_that_steers_a_terminal_is_spelt_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "a\x1b[2J\n.py").write_text(MODEL + "y = nn.Un_heard()\n")
    ported(source, tmp_path / "out")
    written = capsys.readouterr()
    assert "\\x1b[2J" in written.out
    assert "\x1b" not in written.out + written.err


def test_memory_stays_in_proportion(tmp_path: Path) -> None:
    source = tmp_path / "many.py"
    source.write_text(MODEL + "y = [\n" + "nn.ReLU(),\n" * 500 + "]\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert ported(source, tmp_path / "out.py", "-q") == 0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2 << 20  # KiB
    assert (tmp_path / "out.py").read_text().count("torch.nn.ReLU()") == 500
