"""One kernel core for detection operators, with every framework's conventions as data."""
