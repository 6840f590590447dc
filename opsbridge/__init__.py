"""One kernel core for detection operators, with every framework's conventions as data."""

import opsbridge.by_tables

opsbridge.by_tables.install()
