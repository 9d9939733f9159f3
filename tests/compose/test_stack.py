"""What an operator relies on: the stack becomes healthy, is confined, watched, and stops without a loss."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from deploy.compose import prepare
from deploy.local.deadlines import scaled
from tests.compose.stack import CONTAINERS, PROCESSES, Stack
from tests.support.figures import Figures
from tests.support.waiting import block_until, read_until

CORE_WITHIN_S = 60
SECRETS = "/run/secrets"
PLANTED = "piket-planted"
WRONG = "a-wrong-secret-9f1c"
REFUSED = "password authentication failed"
"""What PostgreSQL says, and the error must repeat."""


def test_the_core_is_healthy_within_a_minute(core: Stack, figures: Figures) -> None:
    figures.append(f"core up and healthy: {core.first_up_s:.1f} s")
    assert core.first_up_s <= scaled(CORE_WITHIN_S)
    assert httpx.get(f"{core.url}/healthz", verify=core.tls()).status_code == 200


@pytest.mark.parametrize("service", PROCESSES)
def test_a_process_has_no_right_that_it_does_not_need(core: Stack, service: str) -> None:
    lines = core.exec(service, "cat", "/proc/1/status").splitlines()
    status = dict(line.split(":	") for line in lines if ":	" in line)
    assert {status["CapEff"], status["CapBnd"]} == {"0" * 16}
    assert status["NoNewPrivs"] == "1"
    assert status["Uid"].split()[0] == "10001"
    mounts = [line.split() for line in core.exec(service, "cat", "/proc/mounts").splitlines()]
    root = next(mount for mount in mounts if mount[1] == "/")
    assert "ro" in root[3].split(",")
    # Nothing can be written but what is mounted for it.
    with pytest.raises(RuntimeError, match="Read-only file system"):
        core.exec(service, "touch", "/opt/piket/changed")


@pytest.mark.parametrize("service", CONTAINERS)
def test_no_container_runs_as_root_or_holds_a_secret_in_its_environment(whole: Stack, service: str) -> None:
    found = whole.inspect(service)
    assert whole.exec(service, "cat", "/proc/1/status").count("NoNewPrivs:\t1") == 1
    assert whole.exec(service, "stat", "--format=%u", "/proc/1").strip() != "0"
    text = json.dumps([found["Config"]["Env"], found["Config"]["Cmd"], found["Config"]["Entrypoint"]])
    assert not [name for name in prepare.SECRETS if whole.secret(name) in text]


def secrets_in(stack: Stack, text: str) -> list[str]:
    """Return the names of the secrets that a text holds."""
    return [name for name in prepare.SECRETS if stack.secret(name) in text]


def test_no_secret_stands_in_a_list_of_processes_or_in_a_log(whole: Stack) -> None:
    logs = [whole.logs(service) for service in CONTAINERS]
    assert secrets_in(whole, "".join([whole.engine.run("ps", "-eo", "args"), *logs])) == []


def test_a_secret_at_the_start_of_a_long_log_would_be_found(whole: Stack) -> None:
    script = f"cat {SECRETS}/policy_password; echo; seq 1000"
    with planted(whole, "--entrypoint=sh", "operations", "-c", script):
        block_until(lambda: "1000" in whole.log_of(PLANTED).splitlines(), 60, what="the end of the log")
        assert secrets_in(whole, whole.log_of(PLANTED)) == ["policy_password"]


@contextmanager
def planted(stack: Stack, *arguments: str) -> Iterator[None]:
    """Run a container beside the stack while the block runs."""
    try:
        stack.compose("run", "--detach", "--no-deps", f"--name={PLANTED}", *arguments, profiles=["*"])
        yield
    finally:
        stack.engine.run("podman", "rm", "--force", "--time=5", PLANTED)


@pytest.mark.parametrize("service", ["policy", "relay", "operations"])
@pytest.mark.parametrize("place", ["file", "address"])
def test_an_error_that_concerns_a_secret_does_not_tell_it(
    whole: Stack, service: str, place: str, tmp_path: Path
) -> None:
    tmp_path.chmod(0o755)  # the user of the container reads it
    (tmp_path / "wrong").write_text(WRONG)
    store, file = "postgresql://policy@postgres:5432/policy", "/planted/wrong"
    if place == "address":
        store, file = f"postgresql://policy:{WRONG}@postgres:5432/policy", ""
    variables = (f"--env=PIKET_STORE={store}", f"--env=PIKET_STORE_PASSWORD_FILE={file}")
    command = ["verify", "policy"] if service == "operations" else []
    options = (f"--volume={tmp_path}:/planted:ro", *variables)
    with planted(whole, *options, service, *command):
        block_until(lambda: REFUSED in whole.log_of(PLANTED), 60, what=lambda: f"an error: {whole.log_of(PLANTED)}")
        assert WRONG not in whole.log_of(PLANTED)


def test_a_service_cannot_enter_the_database_of_another(core: Stack) -> None:
    file = "open('/run/secrets/policy_password').read()"
    script = f"import psycopg; psycopg.connect(host='postgres', user='policy', dbname='roster', password={file})"
    with pytest.raises(RuntimeError, match='permission denied for database "roster"'):
        core.exec("policy", "python", "-c", script)


def test_only_the_roster_has_the_solver(core: Stack) -> None:
    script = "import importlib.util as u; print(bool(u.find_spec('ortools')))"
    others = [service for service in PROCESSES if service != "reconcile"]
    found = {service: core.exec(service, "python", "-c", script).strip() for service in others}
    assert found == dict.fromkeys(found, "False") | {"roster": "True"}


@pytest.mark.parametrize("path", ["/metrics", "/metrics/32", "/readyz", "/auth/admin/", "/auth/realms/master"])
def test_what_operators_use_is_not_passed_to_the_outside(whole: Stack, path: str) -> None:
    assert httpx.get(f"{whole.url}{path}", verify=whole.tls()).status_code == 404


def targets_of(stack: Stack) -> Mapping[str, str]:
    """Return the health of each address that Prometheus scrapes."""
    answer = json.loads(stack.exec("prometheus", "wget", "-qO-", "http://127.0.0.1:9090/api/v1/targets"))
    return {target["scrapeUrl"]: target["health"] for target in answer["data"]["activeTargets"]}


async def test_prometheus_has_all_targets_up(whole: Stack) -> None:
    async def read() -> Mapping[str, str]:
        return targets_of(whole)

    wanted = {f"http://{name}:9464/metrics": "up" for name in PROCESSES} | {"http://reporting:9464/metrics/32": "up"}
    found = await read_until(read, lambda health: health.items() >= wanted.items(), 90, every=1)
    assert {url: found.get(url) for url in wanted} == wanted


def test_prometheus_knows_its_alertmanager_and_has_loaded_the_rules(whole: Stack) -> None:
    address = "http://127.0.0.1:9090/api/v1"
    managers = json.loads(whole.exec("prometheus", "wget", "-qO-", f"{address}/alertmanagers"))["data"]
    assert [manager["url"] for manager in managers["activeAlertmanagers"]] == ["http://alertmanager:9093/api/v2/alerts"]
    rules = json.loads(whole.exec("prometheus", "wget", "-qO-", f"{address}/rules"))["data"]["groups"]
    assert "TargetDown" in {rule["name"] for group in rules for rule in group["rules"]}


def test_grafana_finds_its_data_source_and_dashboards(whole: Stack) -> None:
    health = json.loads(whole.exec("grafana", "wget", "-qO-", "http://127.0.0.1:3000/api/health"))
    assert health.get("faults", []) == []
    assert health["database"] == "ok"


def test_a_process_that_is_killed_runs_again(whole: Stack) -> None:
    before = int(whole.inspect("attendance")["State"]["Pid"])
    whole.engine.run("kill", "-KILL", str(before))
    block_until(lambda: whole.inspect("attendance")["State"]["Pid"] not in {0, before}, 30, what="a new process")
    url = f"{whole.url}/attendance/openapi.json"
    block_until(lambda: httpx.get(url, verify=whole.tls()).status_code == 200, 60, what="an answer of attendance")


def test_the_images_say_what_they_are(core: Stack) -> None:
    for service in PROCESSES:
        labels = core.inspect(service)["Config"]["Labels"]
        assert labels["org.opencontainers.image.title"].startswith("Piket "), service
        assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
