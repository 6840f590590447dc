"""The benchmark tool lies in the checkout and is not installed; the package under test is."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2]))
