"""The type of the fixture that edits a copied table."""

from collections.abc import Callable

# (file, old text, new text)
Edit = Callable[[str, str, str], None]
