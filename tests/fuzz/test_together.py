"""The script that fuzzes targets side by side starts as tox starts it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_it_needs_no_folder_on_the_path() -> None:
    script = Path(__file__).with_name("together.py")
    subprocess.run([sys.executable, "-P", script, "--help"], check=True, stdout=subprocess.DEVNULL)
