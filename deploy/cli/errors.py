"""What is expected to go wrong around a process, each told in one sentence instead of a traceback."""

from collections.abc import Callable, Mapping
from typing import Any

from aiokafka.errors import KafkaError
from pydantic import ValidationError

from shared.domain.decider import Diverged
from shared.event_store.database import Unavailable
from shared.kafka.broker import Refused
from shared.telemetry import PortTaken


def sentence(failure: Exception) -> str | None:
    """What to tell the operator, or None for what nobody expects. Of several failures, the first that is known."""
    if isinstance(failure, ExceptionGroup):
        return next((said for each in failure.exceptions if (said := sentence(each))), None)
    return next((say(failure) for kind, say in EXPECTED.items() if isinstance(failure, kind)), None)


def _setting(failure: ValidationError) -> str | None:
    """Tell about the environment; any other value that does not validate is a defect and keeps its traceback."""
    if not failure.title.endswith("Settings"):
        return None
    wrong = "; ".join(f"PIKET_{str(e['loc'][0]).upper()}: {e['msg']}" for e in failure.errors())
    return f"A setting cannot be used. {wrong}. Nothing was started."


EXPECTED: Mapping[type[Exception], Callable[[Any], str | None]] = {
    Refused: str,
    Diverged: str,
    Unavailable: lambda failure: f"{str(failure).rstrip('.')}. Check PIKET_STORE and PIKET_FOLDER.",
    KafkaError: lambda failure: f"Kafka did not answer as expected ({failure}). Check PIKET_KAFKA, then start again.",
    ValidationError: _setting,
    PortTaken: str,
    FileNotFoundError: lambda failure: f"{failure.filename} is not there. Nothing was started; check the settings.",
}
