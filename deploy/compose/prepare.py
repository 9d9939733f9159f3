"""Writes what docker-compose.yml needs: `.env`, random secrets, and a certificate for a trial.

`python3 -m deploy.compose.prepare --host piket.example.go.id` needs only Python 3.11 and openssl. What exists is kept,
so that it can run again, for example after a release that needs one more secret.
"""

import argparse
import re
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = Path(__file__).parent / "example.env"
SECRETS = (
    "postgres_password",
    "policy_password",
    "roster_password",
    "attendance_password",
    "reporting_password",
    "keycloak_password",
    "keycloak_admin_password",
    "roster_client_secret",
    "reporting_client_secret",
    "grafana_password",
)
CERTIFICATE, KEY = "tls_certificate", "tls_key"
CERTIFICATE_DAYS = 90


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the missing files, and say what was written and which settings a kept `.env` lacks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", type=_host, default="localhost", help="the host name that users type")
    parser.add_argument("--listen", default="127.0.0.1:8443", help="address:port of this server (default: %(default)s)")
    parser.add_argument("--regions", default="32", help="codes of the governments, for example 32,3276")
    parser.add_argument("--env", type=Path, default=ROOT / ".env", help="default: %(default)s")
    parser.add_argument("--secrets", type=Path, default=ROOT / "deploy" / "compose" / "secrets", help="a folder")
    given = parser.parse_args(arguments)
    written = [*write_secrets(given.secrets), *write_certificate(given.secrets, given.host)]
    written += write_environment(given.env, environment(given.host, given.listen, given.regions, given.secrets))
    lines = [f"Written: {file}" for file in written]
    lines += [f"{given.env} does not set {name}: copy its line from {EXAMPLE}." for name in missing_settings(given.env)]
    print("\n".join(lines) or "Nothing is missing; nothing was written.")


def missing_settings(file: Path) -> Sequence[str]:
    """Return the names that the example of this release sets and a kept file does not."""
    given, wanted = ({*re.findall(r"^(\w+)=", text, re.MULTILINE)} for text in (file.read_text(), EXAMPLE.read_text()))
    return sorted(wanted - given)


def environment(host: str, listen: str, regions: str, folder: Path) -> Mapping[str, str]:
    """Return the settings that differ from the example."""
    port = listen.rpartition(":")[2]
    url = f"https://{host}" if port == "443" else f"https://{host}:{port}"
    return {
        "PIKET_REGIONS": regions,
        "PIKET_REGION": regions.split(",", maxsplit=1)[0],
        "PIKET_URL": url,
        "PIKET_LISTEN": listen,
        "PIKET_ISSUER": f"{url}/auth/realms/piket",
        "PIKET_SECRETS": str(folder.resolve()),
    }


def write_environment(file: Path, settings: Mapping[str, str]) -> list[Path]:
    """Write the example with these settings, unless the file exists. Return the files written."""
    if file.exists():
        return []
    text = EXAMPLE.read_text()
    for name, value in settings.items():
        text, count = re.subn(rf"^{name}=.*$", f"{name}={value}", text, flags=re.MULTILINE)
        if count != 1:
            raise ValueError(f"{EXAMPLE} sets {name} {count} times, not once")
    file.write_text(text)
    return [file]


def write_secrets(folder: Path) -> list[Path]:
    """Write each missing secret into a file of its own. Return the files written.

    A container reads a secret as its own user (10001 for Piket), and Docker mounts the file with the owner and mode
    that it has here. So each file can be read by all, in a folder that only its owner can enter.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    missing = [folder / name for name in SECRETS if not (folder / name).exists()]
    for file in missing:
        _write(file, secrets.token_urlsafe(32))
    return missing


def write_certificate(folder: Path, host: str) -> list[Path]:
    """Write a self-signed certificate of `host` and its key, unless both exist. Return the files written."""
    certificate, key = folder / CERTIFICATE, folder / KEY
    if certificate.exists() and key.exists():
        return []
    names = f"subjectAltName=DNS:{host},DNS:localhost,IP:127.0.0.1"
    request = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    subject = ("-days", str(CERTIFICATE_DAYS), "-subj", f"/CN={host}", "-addext", names)
    command = ["openssl", *request, *subject, "-keyout", str(key), "-out", str(certificate)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        sys.exit(f"openssl is not installed. Install it, or put {CERTIFICATE} and {KEY} into {folder}, then try again.")
    for file in (certificate, key):
        file.chmod(0o444)
    print(f"The certificate is self-signed, for a trial. Replace {CERTIFICATE} and {KEY} by your own for production.")
    return [certificate, key]


def _write(file: Path, secret: str) -> None:
    with file.open("x") as target:
        file.chmod(0o444)
        target.write(secret)


def _host(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", text):
        raise argparse.ArgumentTypeError(f"give a host name such as piket.example.go.id, not {text!r}")
    return text


if __name__ == "__main__":
    main()
