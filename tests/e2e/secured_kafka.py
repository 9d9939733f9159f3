"""Runs a broker that checks users and rights, with the users of two governments."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.kafka_rights.granting import apply_rights
from deploy.kafka_rights.users import Grant, user_name, users
from deploy.local.kafka import Kafka
from deploy.operations import sources
from shared.kafka.connection import KafkaConnection
from shared.settings import Settings
from shared.settings.kafka import KafkaSecurity

PROVINCE, CITY = "local", "kota-3276"
REGIONS: Mapping[str, Sequence[str]] = {PROVINCE: ["32"], CITY: ["3276"]}


@dataclass(frozen=True)
class SecuredKafka:
    """A broker, and a folder with the password of each user."""

    kafka: Kafka
    passwords: Path

    def environment(self, role: str, deployment: str = PROVINCE) -> dict[str, str]:
        """Return the settings of a process that is the user of a role."""
        user = user_name(deployment, role)
        return {
            "PIKET_KAFKA": self.kafka.servers_for_users,
            "PIKET_KAFKA_SECURITY": "SASL_PLAINTEXT",
            "PIKET_KAFKA_USERNAME": user,
            "PIKET_KAFKA_PASSWORD_FILE": str(self.passwords / user),
            "PIKET_DEPLOYMENT": deployment,
            "PIKET_REGIONS": ",".join(REGIONS[deployment]),
        }

    def connection(self, role: str, deployment: str = PROVINCE, region: str = "") -> KafkaConnection:
        """Return the connection of the user of a role."""
        user = user_name(deployment, role, region)
        return KafkaConnection(
            self.kafka.servers_for_users, KafkaSecurity.SASL_PLAINTEXT, user, str(self.passwords / user)
        )

    def password(self, role: str, deployment: str = PROVINCE) -> str:
        """Return the password of the user of a role."""
        return (self.passwords / user_name(deployment, role)).read_text()

    async def change(self, users_and_rights: Mapping[str, frozenset[Grant]]) -> Sequence[str]:
        """Give users exactly these rights, as the administrator of the broker."""
        return await apply_rights(self.kafka.connection, users_and_rights)


@contextmanager
def secured_kafka(folder: Path) -> Iterator[SecuredKafka]:
    """Run the broker with the topics and users of both governments."""
    with Kafka(folder / "kafka", users="SASL_PLAINTEXT") as kafka:
        passwords = folder / "passwords"
        passwords.mkdir()
        secured = SecuredKafka(kafka, passwords)
        for deployment, regions in REGIONS.items():
            table = users(deployment, regions)
            for user in table:
                (passwords / user).write_text(f"rahasia-{user}")
            asyncio.run(apply_rights(kafka.connection, table, passwords))
            asyncio.run(_create_topics(secured, deployment, regions))
        yield secured


async def _create_topics(secured: SecuredKafka, deployment: str, regions: Sequence[str]) -> None:
    operator = secured.connection("operator", deployment)
    settings = Settings(
        kafka=operator.servers,
        kafka_security=operator.security,
        kafka_username=operator.username,
        kafka_password_file=operator.password_file,
        deployment=deployment,
        regions=",".join(regions),
    )
    await sources.create_topics(settings, replication=1)
