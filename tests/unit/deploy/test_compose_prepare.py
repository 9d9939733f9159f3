"""Tests the command that writes what docker-compose.yml needs."""

import ssl
import stat
from pathlib import Path

import pytest

from deploy.compose import prepare


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    return [f"--env={tmp_path / '.env'}", f"--secrets={tmp_path / 'secrets'}"]


def test_each_secret_is_random_and_in_a_file_that_a_container_can_read_and_another_user_cannot_reach(
    arguments: list[str], tmp_path: Path
) -> None:
    prepare.main(arguments)
    files = [tmp_path / "secrets" / name for name in prepare.SECRETS]
    assert len({file.read_text() for file in files}) == len(files)
    assert all(len(file.read_text()) >= 43 for file in files)
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o444}
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


def test_what_exists_is_kept_and_what_a_release_adds_is_written(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare.main(arguments)
    files = {file: file.read_bytes() for file in (tmp_path / "secrets").iterdir()} | {
        tmp_path / ".env": (tmp_path / ".env").read_bytes()
    }
    removed = tmp_path / "secrets" / "reporting_password"
    removed.unlink()
    capsys.readouterr()
    prepare.main(arguments)
    assert capsys.readouterr().out == f"Written: {removed}\n"
    assert [file for file, content in files.items() if file.read_bytes() != content] == [removed]
    prepare.main(arguments)
    assert capsys.readouterr().out == "Nothing is missing; nothing was written.\n"


def test_a_setting_that_a_release_adds_is_named(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare.main(arguments)
    file = tmp_path / ".env"
    file.write_text(file.read_text().replace("PIKET_ADMIN_PORT=", "#PIKET_ADMIN_PORT="))
    capsys.readouterr()
    prepare.main(arguments)
    assert f"{file} does not set PIKET_ADMIN_PORT: copy its line from" in capsys.readouterr().out


def test_the_host_is_in_the_settings_and_in_the_certificate(arguments: list[str], tmp_path: Path) -> None:
    prepare.main([*arguments, "--host=piket.example.go.id", "--listen=0.0.0.0:443", "--regions=32,3276"])
    settings = dict(line.split("=") for line in (tmp_path / ".env").read_text().splitlines() if "=" in line[:20])
    assert settings["PIKET_URL"] == "https://piket.example.go.id"
    assert settings["PIKET_ISSUER"] == "https://piket.example.go.id/auth/realms/piket"
    assert settings["PIKET_REGIONS"] == "32,3276"
    context = ssl.create_default_context(cafile=str(tmp_path / "secrets" / "tls_certificate"))
    (certificate,) = context.get_ca_certs()
    assert ("DNS", "piket.example.go.id") in certificate["subjectAltName"]


@pytest.mark.parametrize("host", ["https://piket.example", "piket example", "piket.example:443", ""])
def test_a_host_is_a_name(host: str, arguments: list[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        prepare.main([*arguments, f"--host={host}"])
    assert not (tmp_path / ".env").exists()


def test_without_openssl_the_operator_is_told_what_to_do(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match=r"openssl is not installed\. Install it, or put tls_certificate and tls_key"):
        prepare.main(arguments)


def test_a_setting_that_the_example_lacks_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="sets PIKET_NOTHING 0 times"):
        prepare.write_environment(tmp_path / ".env", {"PIKET_NOTHING": "1"})
