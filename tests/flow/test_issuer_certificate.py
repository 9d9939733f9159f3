"""The issuer over HTTPS with a certificate of an authority of the office's own."""

import json
import ssl
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from shared.identity.issuer import IssuerClient, IssuerUnreachable
from shared.settings import Settings


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Return a certificate for 127.0.0.1 that is its own authority; its key is beside it."""
    file = tmp_path / "issuer.pem"
    output = ["-days", "1", "-nodes", "-keyout", str(file.with_suffix(".key")), "-out", str(file)]
    name = ["-subj", "/CN=issuer", "-addext", "subjectAltName=IP:127.0.0.1"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    subprocess.run(["openssl", "req", "-x509", *curve, *name, *output], check=True, capture_output=True)
    return file


@pytest.fixture
def issuer(certificate: Path) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer = f"https://127.0.0.1:{server.server_port}"
            names = ("jwks_uri", "token_endpoint", "authorization_endpoint")
            content = json.dumps({"issuer": issuer, **dict.fromkeys(names, f"{issuer}/x")}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


async def test_the_authority_of_the_office_is_trusted_where_the_setting_or_the_system_names_it(
    issuer: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(IssuerUnreachable, match="certificate verify failed"):
        await IssuerClient(Settings(issuer=issuer)).metadata()
    assert await IssuerClient(Settings(issuer=issuer, issuer_ca=str(certificate))).metadata()
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert await IssuerClient(Settings(issuer=issuer)).metadata()
