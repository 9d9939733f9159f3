"""How a process reaches Kafka: which settings fit together, and what an operator reads if Kafka refuses."""

import ssl
from pathlib import Path

import pytest
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    KafkaTimeoutError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
)
from pydantic import ValidationError

from deploy.cli.errors import operator_message
from shared.kafka.access import CAUSES, missing_right, refused_connection
from shared.kafka.connection import KafkaConnection, connection_of
from shared.kafka.errors import AccessRefused
from shared.settings import Settings
from shared.settings.kafka import KafkaSecurity

USER = {"kafka_username": "piket-local-worker", "kafka_password_file": "run/password"}
SECRET, NEW_SECRET = "kata-sandi-yang-panjang", "diganti"


@pytest.fixture
def connection(tmp_path: Path) -> KafkaConnection:
    (tmp_path / "password").write_text(f"{SECRET}\n")
    file = str(tmp_path / "password")
    return KafkaConnection("kafka:9092", KafkaSecurity.SASL_PLAINTEXT, "piket-local-worker", file)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"kafka_security": "SASL_SSL"}, "PIKET_KAFKA_SECURITY=SASL_SSL needs PIKET_KAFKA_USERNAME"),
        ({"kafka_security": "SASL_SSL", "kafka_username": "a"}, "needs PIKET_KAFKA_PASSWORD_FILE"),
        (USER, "PIKET_KAFKA_SECURITY=PLAINTEXT does not use PIKET_KAFKA_USERNAME"),
        ({"kafka_security": "SSL", "kafka_password_file": "x"}, "does not use PIKET_KAFKA_PASSWORD_FILE"),
        ({"kafka_security": "SASL_PLAINTEXT", "kafka_ca": "ca.pem", **USER}, "does not use PIKET_KAFKA_CA"),
        ({"kafka_security": "sasl"}, "Input should be 'PLAINTEXT', 'SSL', 'SASL_PLAINTEXT' or 'SASL_SSL'"),
    ],
)
def test_settings_that_contradict_one_another_are_refused(values: dict[str, str], fault: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(**values)  # type: ignore[arg-type]  # the texts of an environment
    message = operator_message(refused.value)
    assert message is not None
    assert fault in message


@pytest.mark.parametrize(
    "values",
    [{}, {"kafka_security": "SSL"}, {"kafka_security": "SSL", "kafka_ca": "a"}, {"kafka_security": "SASL_SSL", **USER}],
)
def test_settings_that_fit_together_are_taken(values: dict[str, str]) -> None:
    settings = Settings(**values)  # type: ignore[arg-type]  # the texts of an environment
    assert connection_of(settings).security == values.get("kafka_security", "PLAINTEXT")


def test_a_changed_password_is_used_by_the_next_client(connection: KafkaConnection) -> None:
    assert connection.client_options()["sasl_plain_password"] == SECRET
    Path(connection.password_file).write_text(NEW_SECRET)
    assert connection.client_options()["sasl_plain_password"] == NEW_SECRET


def test_a_connection_shows_no_password(connection: KafkaConnection) -> None:
    assert SECRET not in repr(connection)
    for render in CAUSES.values():
        assert SECRET not in render(connection, "kafka:9092", SaslAuthenticationFailed("x"))


def test_a_password_that_cannot_be_read_is_named_by_file_and_setting() -> None:
    lost = KafkaConnection("kafka:9092", KafkaSecurity.SASL_PLAINTEXT, "a", "no/password")
    with pytest.raises(AccessRefused, match=r"no/password \(PIKET_KAFKA_PASSWORD_FILE\) cannot be read: No such file"):
        lost.client_options()


@pytest.mark.parametrize(("content", "fault"), [(None, "No such file"), ("no certificate", "cannot be used")])
def test_an_authority_that_cannot_be_used_is_named(tmp_path: Path, content: str | None, fault: str) -> None:
    file = tmp_path / "ca.pem"
    if content:
        file.write_text(content)
    with pytest.raises(AccessRefused, match=fault) as refused:
        KafkaConnection("kafka:9092", KafkaSecurity.SSL, authority=str(file)).client_options()
    assert f"{file} (PIKET_KAFKA_CA)" in str(refused.value)


def test_an_encrypted_connection_checks_certificate_and_name() -> None:
    context = KafkaConnection("kafka:9092", KafkaSecurity.SSL).client_options()["ssl_context"]
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


@pytest.mark.parametrize(
    ("error", "named"),
    [
        (TopicAuthorizationFailedError("piket.32.roster.v1"), r"a right on a topic \(piket\.32\.roster\.v1\)"),
        (GroupAuthorizationFailedError("piket-coverage-local"), r"its consumer group \(piket-coverage-local\)"),
        (TopicAuthorizationFailedError(), r"a topic \(Kafka does not name it\)"),
    ],
)
def test_a_missing_right_is_named_with_its_user(connection: KafkaConnection, error: Exception, named: str) -> None:
    refusal = missing_right(connection, error)
    assert refusal is not None
    with pytest.raises(AccessRefused, match=rf"refuses the user piket-local-worker .*{named}.*piket kafka grant"):
        raise refusal


def test_an_error_of_another_kind_is_no_missing_right(connection: KafkaConnection) -> None:
    assert missing_right(connection, KafkaTimeoutError()) is None


async def test_a_broker_that_is_away_does_not_refuse(connection: KafkaConnection) -> None:
    assert await refused_connection(KafkaConnection("127.0.0.1:9,127.0.0.1:10")) is None
