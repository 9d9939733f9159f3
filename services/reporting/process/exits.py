"""Anything unexpected ends the process, before the thing in hand can be acknowledged. A supervisor starts it again."""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

log = logging.getLogger(__name__)

EX_SOFTWARE = 70
EX_TEMPFAIL = 75
SAID_WITHIN_S = 5.0


def end(sentence: str, status: int, error: BaseException | None = None) -> NoReturn:
    """Say why and end the process at once, from any thread; also when nobody takes its log any more."""
    threading.Timer(SAID_WITHIN_S, os._exit, (status,)).start()
    log.critical("%s", sentence, exc_info=error)
    logging.shutdown()
    os._exit(status)


@contextmanager
def fatal(doing: str) -> Iterator[None]:
    """End the process at once when the block raises. Faust's own handling would acknowledge the batch and go on."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever it is
        end(
            f"The worker ends: {doing}: {error}. What was not durable is not acknowledged: a restart reads it again.",
            EX_SOFTWARE,
            error,
        )


def superseded(own: int, now: int) -> NoReturn:
    """End the process at once, to be started again: nothing that it still holds is of the view in force."""
    end(f"The worker ends: generation {now} of the view is in force, this one kept {own}.", EX_TEMPFAIL)
