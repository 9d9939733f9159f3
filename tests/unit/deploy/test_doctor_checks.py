"""Tests how `piket doctor` makes its checks, and what its probes read from files, clocks and servers."""

import asyncio
import base64
import json
import re
import socket
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from rich.console import Console

from deploy.backup.judgement.manifest import Manifest
from deploy.doctor import checks
from deploy.doctor.checks import CHECKS, STORES, Check, start
from deploy.doctor.judgement.backups import judge_backups
from deploy.doctor.judgement.machines import PortUse, judge_ports
from deploy.doctor.judgement.stores import judge_store
from deploy.doctor.judgement.tokens import judge_tokens
from deploy.doctor.judgement.verdict import Finding, Verdict
from deploy.doctor.probes import http
from deploy.doctor.probes.clocks import bounds
from deploy.doctor.probes.disks import observe_backups
from deploy.doctor.probes.http import observe_application, observe_metrics_ports, observe_view
from deploy.doctor.probes.signals import Examination
from deploy.doctor.probes.stores import observe_store
from deploy.doctor.probes.tokens import observe_public_secrets, observe_tokens
from deploy.local.server_process import free_ports
from deploy.local.token_issuer import Issuer
from shared.settings import Settings

EIGHT = datetime(2026, 1, 5, 8, tzinfo=UTC)
FAULT = Verdict([Finding("Kafka", "is away", "Start it.")])


def returning(value: object) -> Callable[[Examination], Awaitable[object]]:
    async def observe(_: Examination) -> object:
        return value

    return observe


VIEW_BEHIND = '{{"ready": true, "parts": {{"{name}": {{"state": "is behind", "since": "{since}"}}}}}}'


def failing(error: Exception) -> Callable[[Examination], Awaitable[object]]:
    async def observe(_: Examination) -> object:
        raise error

    return observe


async def never(_: Examination) -> object:
    return await asyncio.Event().wait()


def judged(value: Verdict) -> Verdict:
    return value


def check(name: str, observe: Callable[[Examination], Awaitable[Any]], *needs: str) -> Check[Any]:
    return Check(name, observe, judged, needs)


async def results(*made: Check[Any]) -> Mapping[str, Verdict]:
    return {name: await task for name, task in start(made, Examination(Settings())).items()}


async def test_a_check_that_needs_a_faulty_one_is_not_made_nor_those_that_need_it() -> None:
    made = await results(
        check("kafka", returning(FAULT)),
        check("topics", failing(AssertionError("observed")), "kafka"),
        check("workers", failing(AssertionError("observed")), "topics"),
        check("disks", returning(Verdict(evidence="space"))),
    )
    assert [made[name].not_checked for name in ("topics", "workers")] == ["Kafka is away"] * 2
    assert made["disks"].healthy


async def test_an_error_of_a_probe_is_a_finding_and_a_defect_is_raised() -> None:
    made = await results(check("disks", failing(PermissionError("no\nentry"))))
    assert made["disks"].findings[0][:2] == ("The check disks", "failed: no entry")
    made = await results(check("disks", failing(PermissionError("no entry."))))
    assert made["disks"].findings[0].what == "failed: no entry"  # the line of the finding ends in a full stop
    with pytest.raises(KeyError):
        await results(check("disks", failing(KeyError("x"))))


async def test_a_check_without_an_answer_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "TIMEOUT_S", 0.01)
    made = await results(check("kafka", never))
    assert made["kafka"].findings[0].what == "was not finished within 0 s"


@pytest.mark.parametrize(("verdict", "status"), [(Verdict(evidence="well"), 0), (FAULT, 1), (Verdict((), "", "x"), 1)])
async def test_the_exit_status_is_0_only_if_every_check_was_made_and_found_nothing(
    verdict: Verdict, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checks, "CHECKS", [check("kafka", returning(verdict))])
    assert await checks.examine(Settings(), Console(width=20)) == status
    assert len(capsys.readouterr().out.splitlines()) == 2 + len(verdict.findings)


def test_a_check_is_listed_after_those_that_it_needs() -> None:
    names = [made.name for made in CHECKS]
    assert len({*names}) == len(names)
    assert all(needed in names[: names.index(made.name)] for made in CHECKS for needed in made.needs)


def test_the_manual_has_every_check_in_the_order_of_the_output() -> None:
    manual = (Path(__file__).parents[3] / "docs/operations/doctor.md").read_text()
    assert re.findall(r"^\| `([^`]+)` \|", manual, re.MULTILINE) == [made.name for made in CHECKS]


def test_disks_are_listed_before_the_stores_which_fail_on_a_full_one() -> None:
    names = [made.name for made in CHECKS]
    assert max(names.index("disks"), names.index("disks of kafka")) < min(map(names.index, STORES))


async def test_a_file_that_is_not_a_database_is_named_as_the_store(tmp_path: Path) -> None:
    (tmp_path / "policy.db").write_bytes(b"no database " * 1_000)
    examination = Examination(Settings(store=f"sqlite://{tmp_path}/{{service}}.db"))
    (finding,) = judge_store(await observe_store("policy", examination)).findings
    assert finding.where == f"The store of policy, {tmp_path}/policy.db,"
    assert finding.what == "cannot be read (file is not a database)"
    assert "restore the store from a backup" in finding.cure


async def test_a_secret_that_cannot_be_read_is_a_fault_of_its_check_and_does_not_end_the_doctor(tmp_path: Path) -> None:
    settings = Settings(store="postgresql://{service}@127.0.0.1/x", store_password_file=f"{tmp_path}/{{service}}")
    made = {made.name: made for made in CHECKS}["store reporting"]
    (finding,) = (await start([made], Examination(settings))[made.name]).findings
    assert f"{tmp_path}/reporting" in finding.what
    assert "PIKET_STORE_PASSWORD_FILE" in finding.what


async def test_the_newest_backup_with_a_manifest_counts(tmp_path: Path) -> None:
    def write(folder: str, service: str, made: datetime) -> None:
        (tmp_path / folder).mkdir(exist_ok=True)
        manifest = Manifest(
            service=service, store="sqlite", file=f"{service}.db", bytes=1, sha256="", made=made, piket="0.1.0",
            migrations=[], regions={},
        )  # fmt: skip
        (tmp_path / folder / f"{service}.json").write_text(manifest.model_dump_json())

    write("2026-01-03T08-00-00Z", "policy", EIGHT - timedelta(days=2))
    write("2026-01-05T08-00-00Z", "policy", EIGHT)
    write("2026-01-05T08-00-00Z", "roster", EIGHT)
    (tmp_path / "2026-01-06T08-00-00Z").mkdir()
    (tmp_path / "2026-01-06T08-00-00Z" / "policy.dump").touch()
    observed = await observe_backups(Examination(Settings(backup_folder=tmp_path)))
    assert observed.folder == str(tmp_path)
    assert observed.newest == {"policy": EIGHT, "roster": EIGHT, "attendance": None, "reporting": None}
    assert judge_backups(await observe_backups(Examination(Settings()))).healthy


def certificate(key: ec.EllipticCurvePrivateKey, until: datetime) -> str:
    name = x509.Name([])
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, until - timedelta(days=30), until)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )
    return base64.b64encode(built).decode()


def key_set(folder: Path, **members: object) -> tuple[Issuer, Path]:
    """Write the key set of a demo issuer, its key with further members, and a token of region 32."""
    issuer = Issuer(folder, "demo")
    (key,) = issuer.jwks()["keys"]
    (folder / "jwks.json").write_text(json.dumps({"keys": [key | members]}))
    (folder / "token-32").write_text(issuer.sign("service:roster", roles=["SUBSCRIBER"], region="32"))
    return issuer, folder


async def tokens(folder: Path) -> Verdict:
    settings = Settings(profile="demo", jwks=str(folder / "jwks.json"), token_file=f"{folder}/token-{{region}}")
    return judge_tokens(await observe_tokens(Examination(settings)))


async def test_a_key_expires_with_its_certificate_or_by_its_member_exp(tmp_path: Path) -> None:
    issuer, _ = key_set(tmp_path)
    assert (await tokens(tmp_path)).evidence == "1 usable keys, 1 accepted tokens of services"
    key_set(tmp_path, exp=4_000_000_000, x5c=[certificate(issuer._key, EIGHT.replace(year=2100))])
    assert (await tokens(tmp_path)).healthy
    key_set(tmp_path, exp=4_000_000_000, x5c=[certificate(issuer._key, EIGHT.replace(year=2024))])
    assert "the key piket-demo, which expired at 2024-01-05 08:00 UTC" in (await tokens(tmp_path)).findings[0].what
    key_set(tmp_path, exp="tomorrow")
    assert "the expiry of a key cannot be read" in (await tokens(tmp_path)).findings[0].what


async def test_an_environment_without_a_client_and_without_files_of_tokens_has_no_fault(tmp_path: Path) -> None:
    (tmp_path / "jwks.json").write_text(
        json.dumps({"keys": [Issuer(tmp_path, "demo").jwks()["keys"][0] | {"kid": "a"}]})
    )
    settings = Settings(issuer="https://sso.example", jwks=str(tmp_path / "jwks.json"))
    verdict = judge_tokens(await observe_tokens(Examination(settings)))
    assert verdict.evidence == "1 usable keys, 0 accepted tokens of services"
    assert judge_tokens(await observe_tokens(Examination(Settings()))).findings[0].what == (
        "cannot be used (PIKET_ISSUER is not set)"
    )


async def test_without_an_issuer_that_answers_secrets_are_not_tried() -> None:
    demo = await observe_public_secrets(Examination(Settings(profile="demo")))
    assert (demo.has_issuer, demo.obstacle) == (False, "")
    unset = await observe_public_secrets(Examination(Settings()))
    away = await observe_public_secrets(Examination(Settings(issuer="http://127.0.0.1:1/realms/piket")))
    assert (unset.obstacle, away.obstacle[:25]) == ("PIKET_ISSUER is not set", "the issuer gave no answer")


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"roles": ["EMPLOYEE"], "region": "32"}, "(it has no right to read feeds)"),
        ({"roles": ["SUBSCRIBER"], "region": "3276"}, "(it has no right to read feeds)"),
        ({"roles": ["SUBSCRIBER"], "region": "32", "aud": "x"}, "(it is not valid: InvalidAudienceError)"),
    ],
)
async def test_a_token_that_may_not_read_the_feed_is_refused(
    tmp_path: Path, claims: Mapping[str, Any], reason: str
) -> None:
    issuer, _ = key_set(tmp_path)
    (tmp_path / "token-32").write_text(issuer.sign("service:roster", **claims))
    assert (await tokens(tmp_path)).findings[0].what == f"is refused {reason}"


async def test_missing_files_of_tokens_are_named(tmp_path: Path) -> None:
    assert (await tokens(tmp_path)).findings[0].what == "cannot be used (the file does not exist)"
    key_set(tmp_path)
    (tmp_path / "token-32").unlink()
    assert "(PIKET_TOKEN_FILE) cannot be read: No such file or directory)" in (await tokens(tmp_path)).findings[0].what
    (tmp_path / "jwks.json").write_text("{")
    assert (await tokens(tmp_path)).findings[0].what == "cannot be used (it is not JSON, line 1)"


def test_the_bounds_of_a_clock_hold_whenever_it_was_read_within_the_window() -> None:
    window = (EIGHT, EIGHT + timedelta(seconds=2))
    ahead = EIGHT + timedelta(seconds=91)
    assert bounds("the relay", ahead, ahead, window) == ("the relay", 89.0, 91.0)
    right = EIGHT + timedelta(seconds=1)
    assert bounds("the relay", right, right, window) == ("the relay", -1.0, 1.0)


async def port_use(port: int) -> PortUse:
    """Return who answers at the gateway of this port."""
    examination = Examination(Settings(gateway=f"http://127.0.0.1:{port}"))
    return (await observe_application(examination)).ports[0].use


async def test_a_process_that_hangs_is_neither_absent_nor_another_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "TIMEOUT_S", 0.3)
    (port,) = free_ports(1)
    assert await port_use(port) is PortUse.NOBODY
    # The system queues connections, as for a stopped process. This queue has one place: the first question fills it.
    with socket.create_server(("127.0.0.1", port), backlog=0):
        assert [await port_use(port), await port_use(port)] == [PortUse.HANGS, PortUse.HANGS]


async def test_a_program_that_does_not_speak_http_is_another_program() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail\r\n")
        writer.close()

    (port,) = free_ports(1)
    async with await asyncio.start_server(greet, "127.0.0.1", port):
        assert await port_use(port) is PortUse.ANOTHER_PROGRAM


@pytest.mark.parametrize(
    ("content", "since"),
    [
        (VIEW_BEHIND.format(name="view", since="2026-01-05T08:00:00+00:00"), EIGHT),
        (VIEW_BEHIND.format(name="reporting: view", since="2026-01-05T08:00:00+00:00"), EIGHT),
        (VIEW_BEHIND.format(name="view", since="eight"), None),
        (VIEW_BEHIND.format(name="store", since="2026-01-05T08:00:00+00:00"), None),
        ("[]", None),
        ("not JSON", None),
    ],
)
async def test_the_answer_of_a_view_may_say_since_when_it_is_behind(content: str, since: datetime | None) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 503 Behind\r\ncontent-length: {len(content)}\r\n\r\n{content}".encode())
        writer.close()

    (port,) = free_ports(1)
    async with await asyncio.start_server(answer, "127.0.0.1", port):
        view = await observe_view(Examination(Settings(gateway=f"http://127.0.0.1:{port}")))
    assert (view.status, view.since) == (503, since)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, ": No such file or directory"),
        ("# Piket", ": no JSON, Expecting value"),
        ('{"targets": 3}', ": Input should be a valid list"),
        (
            '[{"targets": ["app:9464", "relay:metrics"]}]',
            "/0/targets/1: give host:port, not 'relay:metrics'",
        ),
        ('[{"targets": ["app:94640"]}]', "/0/targets/0: give host:port, not 'app:94640'"),
        ("[]", ": it lists no targets"),
    ],
)
async def test_a_file_of_targets_that_cannot_be_used_is_named(tmp_path: Path, content: str | None, reason: str) -> None:
    file = tmp_path / "targets.json"
    if content:
        file.write_text(content)
    (finding,) = judge_ports(await observe_metrics_ports(Examination(Settings(targets=file)))).findings
    assert (finding.where, f"cannot be used ({file}{reason}" in finding.what) == ("The file of PIKET_TARGETS", True)
    assert "`piket targets" in finding.cure


async def test_a_deployment_that_is_not_watched_needs_no_file_of_targets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert judge_ports(await observe_metrics_ports(Examination(Settings()))).healthy
