"""Lists the expected failures of commands, with their messages for the operator."""

from aiokafka.errors import KafkaError

from shared.domain.decider import Diverged
from shared.event_store.database import Unavailable
from shared.failures import START_MESSAGES, Messages, message_of, unavailable_message
from shared.identity import UnusableKeySet
from shared.kafka.errors import UnsafeToContinue

MESSAGES: Messages = {
    UnsafeToContinue: str,
    Diverged: str,
    Unavailable: unavailable_message,
    KafkaError: lambda error: (
        f"Kafka did not answer as expected ({error}). Check PIKET_KAFKA and PIKET_KAFKA_SECURITY, then start again."
    ),
    UnusableKeySet: str,
    **START_MESSAGES,
}


def operator_message(error: Exception) -> str | None:
    """Return the message for an expected failure of a command, None for a defect."""
    return message_of(error, MESSAGES)
