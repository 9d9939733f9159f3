"""A broker that encrypts: its certificate and its name are checked, by aiokafka's clients and by Faust's."""

import asyncio
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from deploy.local.deadlines import scaled
from shared.kafka import broker
from shared.kafka.errors import AccessRefused
from shared.settings.kafka import KafkaSecurity
from tests.e2e.secured_kafka import SecuredKafka, secured_kafka

pytestmark = pytest.mark.parts


class Certified(NamedTuple):
    """A key and a certificate that the authority `issuer` signed; its own key if there is none."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        """Return the certificate as text."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def pem_with_key(self) -> bytes:
        """Return private key and certificate, as Kafka reads them."""
        form, no_password = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        return self.key.private_bytes(serialization.Encoding.PEM, form, no_password) + self.pem


def certify(name: str, issuer: Certified | None = None) -> Certified:
    """Create an authority, or with `issuer` the certificate of a server at 127.0.0.1."""
    key, subject, now = ec.generate_private_key(ec.SECP256R1()), x509.Name.from_rfc4514_string(name), datetime.now(UTC)
    signing = issuer.key if issuer else key
    builder = x509.CertificateBuilder(
        issuer.certificate.subject if issuer else subject,
        subject,
        key.public_key(),
        x509.random_serial_number(),
        now - timedelta(days=1),
        now + timedelta(days=1),
    )
    extensions: list[x509.ExtensionType] = [
        x509.BasicConstraints(ca=issuer is None, path_length=None),
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
        x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()),
    ]
    if issuer:
        extensions.append(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
    return Certified(key, builder.sign(signing, hashes.SHA256()))


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    folder = tmp_path_factory.mktemp("encrypted")
    authority = certify("CN=Otoritas sertifikat")
    (folder / "ca.pem").write_bytes(authority.pem)
    (folder / "broker.pem").write_bytes(certify("CN=kafka", authority).pem_with_key)
    with secured_kafka(folder, str(folder / "ca.pem"), folder / "broker.pem") as secured:
        yield secured


async def test_a_client_that_knows_the_authority_connects(kafka: SecuredKafka) -> None:
    connection = kafka.connection("roster")
    assert connection.security == KafkaSecurity.SASL_SSL
    assert set(await broker.topic_sizes(connection)) == {"piket.32.policy.v1", "piket.32.dead-letter.v1"}


async def test_a_certificate_of_an_unknown_authority_is_refused(kafka: SecuredKafka, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(certify("CN=Otoritas lain").pem)
    for authority in (str(tmp_path / "ca.pem"), ""):  # empty: those that this machine trusts
        with pytest.raises(AccessRefused, match=r"The certificate of Kafka at 127\.0\.0\.1.* Set PIKET_KAFKA_CA"):
            await broker.topic_sizes(replace(kafka.connection("roster"), authority=authority))


async def test_a_certificate_for_another_name_is_refused(kafka: SecuredKafka) -> None:
    connection = kafka.connection("roster")
    renamed = replace(connection, servers=connection.servers.replace("127.0.0.1", "localhost"))
    with pytest.raises(AccessRefused, match=r"Hostname mismatch.* PIKET_KAFKA to a name in it"):
        await broker.topic_sizes(renamed)


async def test_a_wrong_password_is_refused_on_an_encrypted_connection_too(kafka: SecuredKafka, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("salah")
    with pytest.raises(AccessRefused, match="is not its password"):
        await broker.topic_sizes(replace(kafka.connection("roster"), password_file=str(tmp_path / "password")))


async def test_a_worker_joins_its_group_by_an_encrypted_connection(kafka: SecuredKafka) -> None:
    command = [sys.executable, "-m", "services.reporting.worker"]
    variables, pipe = {**os.environ, **kafka.environment("worker")}, asyncio.subprocess.PIPE
    worker = await asyncio.create_subprocess_exec(
        *command, env=variables, stdout=pipe, stderr=asyncio.subprocess.STDOUT
    )
    assert worker.stdout is not None
    try:
        async with asyncio.timeout(scaled(60)):
            while b"Holds partitions [0, 1, 2]" not in (line := await worker.stdout.readline()):
                assert line, "the worker ended"
    finally:
        worker.terminate()
        await worker.wait()
