"""Anything unexpected ends the process, before the thing in hand can be acknowledged. A supervisor starts it again."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)

EX_SOFTWARE = 70


@contextmanager
def fatal(doing: str) -> Iterator[None]:
    """End the process at once when the block raises. Faust's own handling would acknowledge the batch and go on."""
    try:
        yield
    except Exception as error:
        log.critical(
            "The worker ends: %s: %s. What was not durable is not acknowledged: a restart reads it again.",
            doing,
            error,
            exc_info=True,
        )
        logging.shutdown()
        os._exit(EX_SOFTWARE)
