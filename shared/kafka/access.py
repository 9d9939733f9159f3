"""Explains why Kafka refuses a process: aiokafka logs the cause and raises only that it could not connect."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from aiokafka.conn import AIOKafkaConnection, collect_hosts, create_conn
from aiokafka.errors import (
    BrokerResponseError,
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    NodeNotReadyError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.admin import SaslHandShakeRequest

from shared.kafka.connection import MECHANISM, KafkaConnection
from shared.kafka.errors import AccessRefused

PROBE_TIMEOUT_MS = 2_000
RIGHTS: Mapping[type[BrokerResponseError], str] = {
    TopicAuthorizationFailedError: "a topic",
    GroupAuthorizationFailedError: "its consumer group",
    ClusterAuthorizationFailedError: "the cluster, or to write to any topic",
}
"""By error of the broker: where a right is missing."""
UNREACHABLE = (KafkaConnectionError, KafkaTimeoutError, NodeNotReadyError, TimeoutError)
"""Raised also if a broker refuses a new connection, for example after the password of the user was changed."""
KEPT = "Nothing is lost: what was not sent or read is kept where it is."


def _wrong_password(connection: KafkaConnection, address: str, _: Exception) -> str:
    return (
        f"Kafka at {address} refuses the user {connection.username}: there is no such user, or the password in"
        f" {connection.password_file} (PIKET_KAFKA_PASSWORD_FILE) is not its password. {KEPT} Write the password of"
        " PIKET_KAFKA_USERNAME into the file, or set it with `piket kafka grant --passwords`, then start again."
    )


def _no_such_mechanism(connection: KafkaConnection, address: str, _: Exception) -> str:
    return (
        f"Kafka at {address} does not accept {MECHANISM}. {KEPT} Add it to sasl.enabled.mechanisms of that listener,"
        f" or correct PIKET_KAFKA and PIKET_KAFKA_SECURITY={connection.security}, then start again."
    )


def _no_users(connection: KafkaConnection, address: str, _: Exception) -> str:
    return (
        f"Kafka at {address} knows no users on this listener. {KEPT} Correct PIKET_KAFKA or"
        f" PIKET_KAFKA_SECURITY={connection.security}, then start again."
    )


def _unknown_certificate(connection: KafkaConnection, address: str, error: Exception) -> str:
    reason = getattr(error, "verify_message", "") or "its certificate cannot be checked"
    authorities = connection.authority or "those that this machine trusts"
    return (
        f"The certificate of Kafka at {address} is refused: {reason} (authorities: {authorities}). {KEPT} Set"
        " PIKET_KAFKA_CA to the file of the authority that signed it, and PIKET_KAFKA to a name in it, then start"
        " again."
    )


def _no_encryption(connection: KafkaConnection, address: str, _: Exception) -> str:
    return (
        f"Kafka at {address} does not encrypt this listener, or accepts no version of TLS that this machine offers."
        f" {KEPT} Correct PIKET_KAFKA or PIKET_KAFKA_SECURITY={connection.security}, then start again."
    )


def _user_demanded(connection: KafkaConnection, address: str) -> str:
    return (
        f"Kafka at {address} demands a user, and PIKET_KAFKA_SECURITY={connection.security} gives none. {KEPT} Set it"
        " to SASL_SSL or SASL_PLAINTEXT, with PIKET_KAFKA_USERNAME and PIKET_KAFKA_PASSWORD_FILE, then start again."
    )


Render = Callable[[KafkaConnection, str, Exception], str]
CAUSES: Mapping[type[Exception], Render] = {
    SaslAuthenticationFailed: _wrong_password,
    UnsupportedSaslMechanismError: _no_such_mechanism,
    IllegalSaslStateError: _no_users,
    ssl.SSLCertVerificationError: _unknown_certificate,
    ssl.SSLError: _no_encryption,
}
"""By error of a connection: the message. The first type that matches counts."""


@asynccontextmanager
async def explained(connection: KafkaConnection) -> AsyncIterator[None]:
    """Raise `AccessRefused` in place of an error of the block if Kafka refuses this process. Other errors pass."""
    try:
        yield
    except (KafkaError, TimeoutError) as error:
        refusal = missing_right(connection, error)
        if isinstance(error, UNREACHABLE):
            refusal = await refused_connection(connection)
        if refusal is None:
            raise
        raise refusal from error


def missing_right(connection: KafkaConnection, error: BaseException) -> AccessRefused | None:
    """Return the message for a right that the user of this process lacks; None for another error."""
    kind = next((name for error_type, name in RIGHTS.items() if isinstance(error, error_type)), None)
    if kind is None:
        return None
    named = ", ".join(str(part) for part in error.args if part) or "Kafka does not name it"
    return AccessRefused(
        f"Kafka at {connection.servers} refuses {connection.user} a right on {kind} ({named}). {KEPT} Compare the"
        " rights of the user with docs/operations/kafka.md, give them with `piket kafka grant`, then start again."
    )


async def refused_connection(connection: KafkaConnection) -> AccessRefused | None:
    """Connect to every broker and return why one refuses; None if none refuses, also if none answers."""
    hosts = collect_hosts(connection.servers)
    refusals = await asyncio.gather(*(_refusal_of(connection, host, port) for host, port, _ in hosts))
    return next(filter(None, refusals), None)


async def _refusal_of(connection: KafkaConnection, host: str, port: int) -> AccessRefused | None:
    options, address = connection.authentication(), f"{host}:{port}"
    try:
        probe = await create_conn(host, port, request_timeout_ms=PROBE_TIMEOUT_MS, **options)
    except (KafkaError, OSError) as error:
        render = next((text for error_type, text in CAUSES.items() if isinstance(error, error_type)), None)
        return AccessRefused(render(connection, address, error)) if render else None
    try:
        if not connection.security.has_user and await _demands_user(probe):
            return AccessRefused(_user_demanded(connection, address))
    finally:
        probe.close()
    return None


async def _demands_user(probe: AIOKafkaConnection) -> bool:
    """Return whether a listener is one for users: another one refuses to begin their authentication."""
    try:
        answer = await probe.send(SaslHandShakeRequest(MECHANISM))
    except (KafkaError, OSError):
        return False
    return bool(answer.error_code != IllegalSaslStateError.errno)
