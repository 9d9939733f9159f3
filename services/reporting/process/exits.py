"""Ends the process on an unexpected error, before the current batch can be acknowledged. A supervisor restarts it."""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from shared.kafka.errors import AccessRefused

log = logging.getLogger(__name__)

# 70 and 75 have their meaning from sysexits.h: an internal error, and a failure after which a restart helps.
EX_NOTHING_TO_READ = 2
EX_REPLACED = 3
"""Exit status of a worker whose static member name was taken by another worker."""
EX_SOFTWARE = 70
EX_TEMPFAIL = 75
LOG_TIMEOUT_S = 5.0


def exit_now(message: str, status: int, error: BaseException | None = None) -> NoReturn:
    """Log why, then end the process with an exit status. Works in any thread, and also if writing the log blocks."""
    # The pipe that the log goes to may have no reader. The timer ends the process even if `log.critical` never returns.
    threading.Timer(LOG_TIMEOUT_S, os._exit, (status,)).start()
    log.critical("%s", message, exc_info=error)
    logging.shutdown()
    # `sys.exit` would run `finally` blocks, and in Faust's stream one of them acknowledges the current batch.
    os._exit(status)


@contextmanager
def exit_on_error(activity: str) -> Iterator[None]:
    """End the process if the block raises: Faust would acknowledge the batch and continue."""
    try:
        yield
    except AccessRefused as refusal:  # its message says all; no place in the code does
        exit_now(f"The worker ends. {refusal}", EX_SOFTWARE)
    except Exception as error:  # noqa: BLE001 - any error
        exit_now(
            f"The worker ends: {activity}: {str(error).rstrip('.')}."
            " What was not durable is not acknowledged: a restart reads it again.",
            EX_SOFTWARE,
            error,
        )


def exit_superseded(generation: int, current: int) -> NoReturn:
    """End the process because it works for an old generation of the view; the restarted one works for the current."""
    exit_now(f"The worker ends: generation {current} of the view is in force, this one kept {generation}.", EX_TEMPFAIL)
