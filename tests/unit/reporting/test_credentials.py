"""The credentials with which Faust's own clients connect to Kafka."""

from pathlib import Path

import pytest
from faust.auth import SASLCredentials
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

from services.reporting.faust_batches.credentials import broker_credentials
from shared.kafka.connection import KafkaConnection
from shared.settings.kafka import KafkaSecurity


@pytest.mark.parametrize("security", KafkaSecurity)
def test_faust_connects_as_all_clients_of_piket_do(tmp_path: Path, security: KafkaSecurity) -> None:
    (tmp_path / "password").write_text("rahasia")
    user = {"username": "piket-local-worker", "password_file": str(tmp_path / "password")} if security.has_user else {}
    connection = KafkaConnection("kafka:9092", security, **user)
    own, expected = credentials_to_aiokafka_auth(broker_credentials(connection)), connection.authentication()
    assert {name: value for name, value in own.items() if value is not None}.keys() == expected.keys()
    assert own | {"ssl_context": None} == expected | {"ssl_context": None}


def test_credentials_show_no_password(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("rahasia")
    connection = KafkaConnection("kafka:9092", KafkaSecurity.SASL_SSL, "worker", str(tmp_path / "password"))
    credentials = broker_credentials(connection)
    assert isinstance(credentials, SASLCredentials)
    assert "rahasia" not in repr(credentials)
