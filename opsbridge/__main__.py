"""`python -m opsbridge` is the `opsbridge` command."""

import sys

from opsbridge.cli import main

sys.exit(main())
