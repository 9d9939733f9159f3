"""Maps the expected failures of a process to one message for the operator, instead of a traceback."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError

from shared.metrics.server import PortTaken
from shared.settings.identity import MissingIssuer
from shared.settings.secret_files import UnreadableSecret
from shared.tracing.settings import TracingSettings

Messages = Mapping[type[Exception], Callable[[Any], str | None]]


def _settings_message(error: ValidationError) -> str | None:
    """Return a message for invalid settings, None for other validation errors: these are defects of Piket."""
    if not error.title.endswith("Settings"):
        return None
    prefix = "" if error.title == TracingSettings.__name__ else "PIKET_"
    # An error of several settings together has no location; its message names them.
    names = (f"{prefix}{str(e['loc'][0]).upper()}: " if e["loc"] else "" for e in error.errors())
    details = "; ".join(f"{name}{e['msg']}" for name, e in zip(names, error.errors(), strict=True))
    return f"A setting cannot be used. {details}. Nothing was started."


def unavailable_message(error: Exception) -> str:
    """Return the message of a store that does not answer."""
    return f"{str(error).rstrip('.')}. Check PIKET_STORE and PIKET_FOLDER."


START_MESSAGES: Messages = {
    ValidationError: _settings_message,
    PortTaken: str,
    UnreadableSecret: str,
    MissingIssuer: str,
    FileNotFoundError: lambda error: f"{error.filename} does not exist. Nothing was started; check the settings.",
}
"""The failures that every process may have when it starts."""


def message_of(error: Exception, messages: Messages) -> str | None:
    """Return the message for an expected failure, None for a defect. Of an `ExceptionGroup`, the first message."""
    if isinstance(error, ExceptionGroup):
        parts = (message_of(part, messages) for part in error.exceptions)
        return next(filter(None, parts), None)
    return next((render(error) for error_type, render in messages.items() if isinstance(error, error_type)), None)


@contextmanager
def exit_with_message(messages: Messages) -> Iterator[None]:
    """End the process with status 1 and one message if the block fails as expected; a defect is raised."""
    try:
        yield
    except Exception as error:
        message = message_of(error, messages)
        if message is None:
            raise
        sys.exit(message)
