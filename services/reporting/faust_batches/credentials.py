"""Gives Faust the user and the encryption with which it connects to Kafka."""

import faust
from faust.auth import SSLCredentials
from faust.types.auth import CredentialsT

from shared.kafka.connection import MECHANISM, KafkaConnection


def broker_credentials(connection: KafkaConnection) -> CredentialsT | None:
    """Return the credentials of a connection; None for one without user and encryption. Raise `AccessRefused`."""
    context = connection.encryption() if connection.security.is_encrypted else None
    if connection.security.has_user:
        return faust.SASLCredentials(
            username=connection.username, password=connection.password(), ssl_context=context, mechanism=MECHANISM
        )
    return SSLCredentials(context) if context else None
