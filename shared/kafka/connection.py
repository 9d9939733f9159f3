"""Declares how a process reaches Kafka: brokers, encryption, and the user that it authenticates as."""

import ssl
from dataclasses import dataclass
from typing import Any

from shared.kafka.errors import AccessRefused
from shared.settings.kafka import KafkaSecurity, KafkaSettings
from shared.settings.secret_files import UnreadableSecret, read_secret

MECHANISM = "SCRAM-SHA-512"


@dataclass(frozen=True)
class KafkaConnection:
    """The addresses of brokers (`host:port`, separated by commas), and how to authenticate with them.

    It holds the name of the password's file and not the password: each new client reads the file, so a changed
    password is used from the next connection on, and no log can show it.
    """

    servers: str
    security: KafkaSecurity = KafkaSecurity.PLAINTEXT
    username: str = ""
    password_file: str = ""
    authority: str = ""
    """File of the certificates (PEM) that sign those of the brokers; empty: those that this machine trusts."""

    @property
    def user(self) -> str:
        """Return how a message names the user."""
        return f"the user {self.username}" if self.username else "a process without a user"

    def client_options(self) -> dict[str, Any]:
        """Return the arguments of aiokafka's clients. Raise `AccessRefused` if a file cannot be used."""
        return {"bootstrap_servers": self.servers, **self.authentication()}

    def authentication(self) -> dict[str, Any]:
        """Return the arguments by which a client of aiokafka authenticates. Raise `AccessRefused` as above."""
        options: dict[str, Any] = {"security_protocol": self.security.value}
        if self.security.is_encrypted:
            options["ssl_context"] = self.encryption()
        if self.security.has_user:
            options |= {
                "sasl_mechanism": MECHANISM,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password(),
            }
        return options

    def password(self) -> str:
        """Read the password of the user. Raise `AccessRefused` if its file cannot be read or is empty."""
        try:
            return read_secret(self.password_file, "PIKET_KAFKA_PASSWORD_FILE")
        except UnreadableSecret as error:
            raise AccessRefused(str(error)) from error

    def encryption(self) -> ssl.SSLContext:
        """Return a context that checks certificate and host name of a broker. Raise `AccessRefused` without them."""
        try:
            return ssl.create_default_context(cafile=self.authority or None)
        except OSError as error:  # also `ssl.SSLError`: a file without a certificate
            raise AccessRefused(
                f"The file {self.authority} (PIKET_KAFKA_CA) cannot be used: {error.strerror or error}. Nothing was"
                " started. Give the file (PEM) of the authority that signed the certificates of the brokers."
            ) from error


def connection_of(settings: KafkaSettings) -> KafkaConnection:
    """Return the connection that the settings name."""
    return KafkaConnection(
        settings.kafka,
        settings.kafka_security,
        settings.kafka_username,
        settings.kafka_password_file,
        settings.kafka_ca,
    )
