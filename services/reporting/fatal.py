"""Anything unexpected ends the process, before the thing in hand can be acknowledged. A supervisor starts it again."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

log = logging.getLogger(__name__)

EX_SOFTWARE = 70
EX_TEMPFAIL = 75


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


def superseded(own: int, now: int) -> NoReturn:
    """End the process at once, to be started again: nothing that it still holds is of the view in force."""
    log.warning("The worker ends: generation %d of the view is in force, this one kept %d.", now, own)
    logging.shutdown()
    os._exit(EX_TEMPFAIL)
