"""Maps expected failures to a one-line message for the operator, instead of a traceback."""

from collections.abc import Callable, Mapping
from typing import Any

from aiokafka.errors import KafkaError
from pydantic import ValidationError

from shared.domain.decider import Diverged
from shared.event_store.database import Unavailable
from shared.identity import UnusableKeySet
from shared.kafka.errors import UnsafeToContinue
from shared.metrics.server import PortTaken
from shared.settings.identity import MissingIssuer
from shared.settings.secret_files import UnreadableSecret
from shared.tracing.settings import TracingSettings


def operator_message(error: Exception) -> str | None:
    """Return the message for an expected failure, None for a defect. Of an `ExceptionGroup`, the first message."""
    if isinstance(error, ExceptionGroup):
        return next((message for part in error.exceptions if (message := operator_message(part))), None)
    return next((render(error) for error_type, render in MESSAGES.items() if isinstance(error, error_type)), None)


def _settings_message(error: ValidationError) -> str | None:
    """Return a message for invalid settings, None for other validation errors: these are defects of Piket."""
    if not error.title.endswith("Settings"):
        return None
    prefix = "" if error.title == TracingSettings.__name__ else "PIKET_"
    # An error of several settings together has no location; its message names them.
    names = (f"{prefix}{str(e['loc'][0]).upper()}: " if e["loc"] else "" for e in error.errors())
    details = "; ".join(f"{name}{e['msg']}" for name, e in zip(names, error.errors(), strict=True))
    return f"A setting cannot be used. {details}. Nothing was started."


MESSAGES: Mapping[type[Exception], Callable[[Any], str | None]] = {
    UnsafeToContinue: str,
    Diverged: str,
    Unavailable: lambda error: f"{str(error).rstrip('.')}. Check PIKET_STORE and PIKET_FOLDER.",
    KafkaError: lambda error: (
        f"Kafka did not answer as expected ({error}). Check PIKET_KAFKA and PIKET_KAFKA_SECURITY, then start again."
    ),
    ValidationError: _settings_message,
    PortTaken: str,
    UnusableKeySet: str,
    MissingIssuer: str,
    UnreadableSecret: str,
    FileNotFoundError: lambda error: f"{error.filename} does not exist. Nothing was started; check the settings.",
}
