"""`mindspore.log`: messages of models go to Python's logging."""

from __future__ import annotations

import logging

_log = logging.getLogger("opsbridge.mindspore")
debug, info, warning, error, critical = (
    _log.debug,
    _log.info,
    _log.warning,
    _log.error,
    _log.critical,
)
