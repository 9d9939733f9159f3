"""Runs a broker that checks users and rights, with the users of two governments."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.kafka_rights.granting import apply_rights
from deploy.kafka_rights.users import Grant, user_name, users
from deploy.local.kafka import Kafka
from deploy.local.kafka_node import UserProtocol
from deploy.operations.topics import create_topics
from shared.kafka.connection import KafkaConnection
from shared.settings import Settings
from shared.settings.kafka import KafkaSecurity

PROVINCE, CITY = "local", "kota-3276"
REGIONS: Mapping[str, Sequence[str]] = {PROVINCE: ["32"], CITY: ["3276"]}


@dataclass(frozen=True)
class SecuredKafka:
    """A broker, a folder with the password of each user, and the authority that signed the broker's certificate."""

    kafka: Kafka
    passwords: Path
    authority: str = ""

    def environment(self, role: str, deployment: str = PROVINCE) -> dict[str, str]:
        """Return the settings of a process that is the user of a role."""
        settings = self.settings(role, deployment).items()
        return {f"PIKET_{name.upper()}": value for name, value in settings if value}

    def settings(self, role: str, deployment: str = PROVINCE) -> dict[str, str]:
        """Return the same, by the names of the fields of `Settings`."""
        connection = self.connection(role, deployment)
        return {
            "kafka": connection.servers,
            "kafka_security": connection.security,
            "kafka_username": connection.username,
            "kafka_password_file": connection.password_file,
            "kafka_ca": connection.authority,
            "deployment": deployment,
            "regions": ",".join(REGIONS[deployment]),
        }

    def connection(self, role: str, deployment: str = PROVINCE, region: str = "") -> KafkaConnection:
        """Return the connection of the user of a role."""
        user = user_name(deployment, role, region)
        security = KafkaSecurity.SASL_SSL if self.authority else KafkaSecurity.SASL_PLAINTEXT
        servers, password_file = self.kafka.servers_for_users, str(self.passwords / user)
        return KafkaConnection(servers, security, user, password_file, self.authority)

    def password(self, role: str, deployment: str = PROVINCE) -> str:
        """Return the password of the user of a role."""
        return (self.passwords / user_name(deployment, role)).read_text()

    async def change(self, users_and_rights: Mapping[str, frozenset[Grant]]) -> Sequence[str]:
        """Give users exactly these rights, as the administrator of the broker."""
        return await apply_rights(self.kafka.connection, users_and_rights)


@contextmanager
def secured_kafka(folder: Path, authority: str = "", certificate: Path | None = None) -> Iterator[SecuredKafka]:
    """Run the broker with the topics and users of both governments; encrypted if it has a certificate."""
    protocol: UserProtocol = "SASL_SSL" if certificate else "SASL_PLAINTEXT"
    with Kafka(folder / "kafka", users=protocol, certificate=certificate) as kafka:
        passwords = folder / "passwords"
        passwords.mkdir()
        secured = SecuredKafka(kafka, passwords, authority)
        for deployment, regions in REGIONS.items():
            table = users(deployment, regions)
            for user in table:
                (passwords / user).write_text(f"rahasia-{user}")
            asyncio.run(apply_rights(kafka.connection, table, passwords))
            settings = Settings(**secured.settings("operator", deployment))  # type: ignore[arg-type]  # texts
            asyncio.run(create_topics(settings, replication=1))
        yield secured
