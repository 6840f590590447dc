"""Every instruction-set level gives the same bits, and none leaks its code into another."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from child_process import python_output, run_python

from opsbridge.core.native import CPU_LEVELS

CSRC = Path(__file__).resolve().parents[2] / "opsbridge" / "csrc"
KERNELS = tuple(sorted(path.name for path in (CSRC / "ops").glob("*_cpu.cc")))
DIGEST = Path(__file__).with_name("kernel_digest.py")
NEEDED_FLAGS: dict[str, set[str]] = {
    "baseline": set(),
    "avx2": {"avx2", "fma"},
    "avx512": {"avx512f", "avx512bw", "avx512dq", "avx512vl", "fma"},
}
IS_X86 = platform.machine() in ("x86_64", "AMD64")


def level_and_digest(**environment: str) -> list[str]:
    """What kernel_digest.py prints in a process of its own."""
    return python_output(DIGEST, **environment).split()


def cpu_flags() -> set[str]:
    """What the kernel says the CPU can do."""
    listed = re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return set(listed.group(1).split()) if listed else set()


def supported_levels() -> list[str]:
    """The levels this CPU can run, narrowest first."""
    flags = cpu_flags() if IS_X86 else set()
    return [level for level in CPU_LEVELS if NEEDED_FLAGS[level] <= flags]


@pytest.fixture(scope="module")
def baseline_digest() -> str:
    level, digest = level_and_digest(OPSBRIDGE_ISA="baseline")
    assert level == "baseline"
    return digest


@pytest.mark.parametrize("level", CPU_LEVELS[1:])
def test_levels_give_the_same_bits(level: str, baseline_digest: str) -> None:
    if level not in supported_levels():
        pytest.skip(f"this CPU has no {level}")
    assert level_and_digest(OPSBRIDGE_ISA=level) == [level, baseline_digest]


def test_the_widest_level_is_the_default(baseline_digest: str) -> None:
    assert level_and_digest(OPSBRIDGE_ISA="") == [supported_levels()[-1], baseline_digest]


@pytest.mark.parametrize("name", ["sse9", "AVX2"])
def test_an_unknown_level_is_refused(name: str) -> None:
    call = """
        import numpy as np
        from opsbridge.torchvision.ops import nms
        nms(np.zeros((1, 4), np.float32), np.zeros(1, np.float32), 0.5)
    """
    done = run_python(call, OPSBRIDGE_ISA=name)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "opsbridge.errors.NativeLibraryError: opsbridge: "
        "OPSBRIDGE_ISA must be baseline, avx2 or avx512 (as far as built)"
    )


def test_a_level_that_the_cpu_lacks_is_refused() -> None:
    lacking = [level for level in CPU_LEVELS if level not in supported_levels()]
    if not lacking or not IS_X86:
        pytest.skip("this CPU has every level that is built for it")
    ask = "from opsbridge.core.native import cpu_level; cpu_level()"
    done = run_python(ask, OPSBRIDGE_ISA=lacking[0])
    assert done.returncode == 1
    assert "OPSBRIDGE_ISA names a level that this CPU cannot run" in done.stderr


def options_of(level: str) -> list[str]:
    """The compiler options that CMake gives to a level, and those it gives to all."""
    lists = (CSRC / "CMakeLists.txt").read_text()
    own = re.search(rf"add_level\({level} ?(.*)\)", lists)
    common = re.search(r"set\(cpp_options (.*)\)", lists)
    assert own
    assert common
    return common.group(1).split() + own.group(1).split()


@pytest.mark.parametrize("level", CPU_LEVELS)
@pytest.mark.parametrize("kernel", KERNELS)
def test_a_level_shares_no_symbol(kernel: str, level: str, tmp_path: Path) -> None:
    compiler, lister = shutil.which("g++"), shutil.which("nm")
    if not (compiler and lister):
        pytest.skip("needs g++ and nm (binutils) to look into an object file")
    if level != "baseline" and not IS_X86:
        pytest.skip(f"{level} is built for x86-64 only")
    object_file = tmp_path / "kernel.o"
    includes = [f"-I{CSRC}", f"-I{CSRC / 'include'}"]
    definition = f"-DOPSBRIDGE_LEVEL={level}"
    # With less inlining more functions stay visible, and the compiler is done in half the time.
    subprocess.run(
        [compiler, "-std=c++17", "-fPIC", *options_of(level), "-O1", definition, *includes,
         "-c", str(CSRC / "ops" / kernel), "-o", str(object_file)],
        check=True,
    )  # fmt: skip
    listing = subprocess.run(
        [lister, "--defined-only", str(object_file)],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    symbols = [line.split()[1:] for line in listing.splitlines()]
    exported = [name for kind, name in symbols if kind.isupper() or kind in "uvw"]
    assert exported
    # A weak symbol is one that the linker keeps a single copy of, from whichever level; in the
    # level's own namespace, or inside one of its functions, there is no other copy.
    own = tuple(f"{kind}9opsbridge{len(level)}{level}" for kind in ("_ZN", "_ZZN"))
    assert [name for name in exported if not name.startswith(own)] == []
