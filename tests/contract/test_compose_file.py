"""docker-compose.yml, read by the real Compose: what starts with which profile, and what each container may do."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from deploy.compose import prepare
from deploy.observability.targets import missing_processes
from services.reporting.worker.settings import WorkerSettings
from shared.web.problem import MEDIA_TYPE, Problem

ROOT = Path(__file__).parents[2]
COMPOSE = Path(sys.executable).with_name("docker-compose")
APPLICATIONS = frozenset({"policy", "roster", "attendance", "reporting"})
OTHER_PROCESSES = frozenset({"relay", "worker", "reconcile"})
TOOLS = frozenset({"operations"})
ONE_SHOT = frozenset({"topics", "targets"}) | TOOLS
CORE = APPLICATIONS | OTHER_PROCESSES | (ONE_SHOT - TOOLS) | {"kafka", "postgres", "gateway"}
IDENTITY = frozenset({"postgres", "keycloak"})
OBSERVABILITY = frozenset({"prometheus", "alertmanager", "grafana"})
DEMO_PARTS = ("gateway", "kafka", "postgres", "keycloak", "prometheus", "alertmanager", "grafana")
DEMO = frozenset({"demo", *(f"demo-{name}" for name in DEMO_PARTS)})
PROFILES = {"core": CORE, "identity": IDENTITY, "observability": OBSERVABILITY, "tools": TOOLS, "demo": DEMO}
WRITES_ITS_ROOT = frozenset({"kafka", "demo-kafka"})
"""The official image writes its configuration beside its programs."""
NEEDS_A_CAPABILITY = frozenset({"gateway", "demo-gateway"})
"""The program of the official image bears NET_BIND_SERVICE, so it starts only where this may be granted."""
STARTS_ONCE = frozenset({"demo", "demo-kafka", "demo-postgres", "demo-keycloak"})
"""Of a demo nothing is kept: each would find an empty memory where the other expects what was there."""
SECRET_WORDS = re.compile(r"PASSWORD|SECRET|TOKEN|KEY")


@pytest.fixture(scope="module")
def env_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compose")
    prepare.main([f"--env={folder / '.env'}", f"--secrets={folder / 'secrets'}", "--host=piket.example"])
    return folder / ".env"


@pytest.fixture(scope="module")
def services(env_file: Path) -> Mapping[str, Any]:
    """Every service, as Compose resolves it."""
    resolved: Mapping[str, Any] = json.loads(config(env_file, "*").stdout)["services"]
    return resolved


@pytest.fixture(scope="module")
def gateway() -> str:
    """The configuration of the gateway."""
    return (ROOT / "deploy/compose/gateway/Caddyfile").read_text()


def config(env_file: Path, *profiles: str) -> "subprocess.CompletedProcess[str]":
    options = [f"--profile={profile}" for profile in profiles]
    command = [str(COMPOSE), f"--env-file={env_file}", *options, "config", "--format=json"]
    environment = {"PATH": os.environ["PATH"], "COMPOSE_PROFILES": ""}
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, env=environment)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_starts_its_services_and_no_other(profile: str, env_file: Path) -> None:
    resolved = config(env_file, profile)
    assert resolved.returncode == 0, resolved.stderr
    assert json.loads(resolved.stdout)["services"].keys() == PROFILES[profile]


def test_the_demo_starts_alone_also_where_the_settings_name_other_profiles(env_file: Path) -> None:
    assert "COMPOSE_PROFILES=core,identity,observability" in env_file.read_text()
    command = [str(COMPOSE), f"--env-file={env_file}", "--profile=demo", "config", "--services"]
    environment = {"PATH": os.environ["PATH"]}
    listed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, env=environment).stdout
    assert {*listed.split()} == PROFILES["demo"]


def test_the_demo_shares_neither_network_nor_volume_with_a_deployment(services: Mapping[str, Any]) -> None:
    def volumes(names: frozenset[str]) -> set[str]:
        mounts = [mount for name in names for mount in services[name].get("volumes", ())]
        return {mount["source"] for mount in mounts if mount["type"] == "volume"}

    assert volumes(DEMO) == {"demo-monitoring"}
    assert not volumes(DEMO) & volumes(CORE | IDENTITY | OBSERVABILITY)
    beside = {"demo", "demo-prometheus", "demo-alertmanager"}
    assert {services[name]["network_mode"] for name in beside} == {"service:demo-gateway"}
    assert {name for service in DEMO - beside for name in services[service]["networks"]} == {"demo"}
    assert [name for name, service in services.items() if "demo" in service.get("networks", ())] == sorted(
        DEMO - beside
    )


def test_the_demo_calls_nobody_and_is_reached_from_this_computer_only(env_file: Path, tmp_path: Path) -> None:
    production = tmp_path / ".env"
    receivers = "PIKET_ALERTMANAGER_FILE=/etc/receivers.yaml\nPIKET_LISTEN=192.0.2.1:443\n"
    production.write_text(env_file.read_text() + receivers)
    resolved = json.loads(config(production, "*").stdout)["services"]
    assert {mount["source"] for mount in resolved["alertmanager"]["volumes"]} >= {"/etc/receivers.yaml"}
    (file,) = (Path(mount["source"]) for mount in resolved["demo-alertmanager"]["volumes"])
    assert file == ROOT / "deploy" / "observability" / "alertmanager.yaml"
    assert [port["host_ip"] for port in resolved["gateway"]["ports"]] == ["192.0.2.1"]
    assert [port["host_ip"] for port in resolved["demo-gateway"]["ports"]] == ["127.0.0.1"]


def test_an_office_adds_settings_and_files_of_its_own_as_the_page_says(env_file: Path, tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(services:.*?)```", (ROOT / "docs/operations/install.md").read_text(), re.DOTALL)
    override = tmp_path / "docker-compose.override.yml"
    override.write_text(example)
    files = ("--file=docker-compose.yml", f"--file={override}")
    command = [str(COMPOSE), *files, f"--env-file={env_file}", "--profile=*", "config", "--format=json"]
    resolved = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    services = json.loads(resolved)["services"]
    for name in APPLICATIONS | TOOLS:
        targets = [mount["target"] for mount in services[name]["volumes"]]
        assert services[name]["environment"]["PIKET_ISSUER_CA"] in targets, name
    assert "/targets" in [mount["target"] for mount in services["operations"]["volumes"]]


@pytest.mark.parametrize("variable", ["PIKET_REGIONS", "PIKET_URL", "PIKET_LISTEN", "PIKET_ISSUER", "PIKET_SECRETS"])
def test_a_setting_without_which_nothing_works_is_asked_for(variable: str, env_file: Path, tmp_path: Path) -> None:
    incomplete = tmp_path / ".env"
    incomplete.write_text(re.sub(rf"^{variable}=.*\n", "", env_file.read_text(), flags=re.MULTILINE))
    refused = config(incomplete, "*")
    assert refused.returncode != 0
    assert variable in refused.stderr
    assert "run python3 -m deploy.compose.prepare" in refused.stderr


def test_every_container_is_confined(services: Mapping[str, Any]) -> None:
    for name, service in services.items():
        assert service.get("read_only", False) is (name not in WRITES_ITS_ROOT), name
        assert service["cap_drop"] == ["ALL"], name
        assert bool(service.get("cap_add")) is (name in NEEDS_A_CAPABILITY), name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert int(service["mem_limit"]) <= 1 << 30, name
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}, name
        assert not service.get("privileged"), name


def test_every_container_that_stays_is_checked_and_started_again(services: Mapping[str, Any]) -> None:
    for name, service in services.items():
        if name in ONE_SHOT:
            assert service["restart"] != "unless-stopped", name
            continue
        assert service["restart"] == ("no" if name in STARTS_ONCE else "unless-stopped"), name
        assert service["stop_grace_period"] in {"15s", "30s", "1m0s"}, name
        assert service["healthcheck"]["test"], name


def test_only_the_gateway_can_be_reached_from_other_computers(services: Mapping[str, Any]) -> None:
    published = {name: service["ports"] for name, service in services.items() if service.get("ports")}
    assert published.keys() == {"gateway", "keycloak", "demo-gateway"}
    assert [port["host_ip"] for port in published["keycloak"]] == ["127.0.0.1"]
    assert services["gateway"]["networks"].keys() == {"edge"}


def test_no_secret_stands_in_an_environment_or_a_command(services: Mapping[str, Any], env_file: Path) -> None:
    written = [file.read_text() for file in (env_file.parent / "secrets").iterdir()]
    text = json.dumps(services) + env_file.read_text()
    assert not [secret for secret in written if secret in text]
    for name, service in services.items():
        for variable, value in service.get("environment", {}).items():
            if SECRET_WORDS.search(variable):
                assert variable.endswith("_FILE"), (name, variable)
                assert value.startswith("/run/secrets/"), (name, variable)


def test_a_container_has_only_the_secrets_that_it_reads(services: Mapping[str, Any]) -> None:
    passwords = {
        name: {secret["source"] for secret in service.get("secrets", ())} & {f"{each}_password" for each in services}
        for name, service in services.items()
    }
    for name in APPLICATIONS:
        assert passwords[name] == {f"{name}_password"}
    for name in ("worker", "topics", "targets", "prometheus", "gateway"):
        assert not passwords[name], name


def test_the_commands_of_an_operator_reach_every_database_and_keep_backups_outside_of_the_container(
    services: Mapping[str, Any],
) -> None:
    operations = services["operations"]
    databases = {*APPLICATIONS, "keycloak"}
    assert {secret["source"] for secret in operations["secrets"]} == {f"{name}_password" for name in databases}
    mounts = {volume["target"]: volume for volume in operations["volumes"]}
    folder = operations["environment"]["PIKET_BACKUP_FOLDER"]
    assert (mounts[folder]["type"], mounts[folder]["source"], mounts[folder].get("read_only")) == (
        "volume",
        "backups",
        None,
    )
    assert mounts[str(Path(operations["environment"]["PIKET_TARGETS"]).parent)]["read_only"]


def test_backups_go_to_the_folder_that_the_operator_names(env_file: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / ".env"
    elsewhere.write_text(env_file.read_text().replace("PIKET_BACKUPS=backups", "PIKET_BACKUPS=/srv/backups"))
    (operations,) = json.loads(config(elsewhere, "tools").stdout)["services"].values()
    mounts = {volume["target"]: (volume["type"], volume["source"]) for volume in operations["volumes"]}
    assert mounts["/backups"] == ("bind", "/srv/backups")


def test_every_process_of_piket_is_a_target(services: Mapping[str, Any]) -> None:
    options = [option for option in services["targets"]["command"] if option.startswith("--process=")]
    targets = dict(option.removeprefix("--process=").split("=") for option in options)
    assert targets == {name: f"{name}:9464" for name in APPLICATIONS | OTHER_PROCESSES}
    assert missing_processes([*targets]) == []


def test_every_image_has_a_version(services: Mapping[str, Any]) -> None:
    for name, service in services.items():
        assert re.fullmatch(r"(docker\.io|quay\.io|localhost)/[a-z/]+:(v?\d[\d.]*|dev)", service["image"]), name


def test_an_image_that_is_built_says_the_version_of_its_name(env_file: Path, tmp_path: Path) -> None:
    release = tmp_path / ".env"
    release.write_text(env_file.read_text().replace("PIKET_VERSION=dev", "PIKET_VERSION=9.8.7"))
    built = {
        name: service["build"]["labels"]["org.opencontainers.image.version"]
        for name, service in json.loads(config(release, "*").stdout)["services"].items()
        if service.get("build", {}).get("dockerfile") == "deploy/images/Dockerfile"
    }
    assert built.keys() >= APPLICATIONS | OTHER_PROCESSES | ONE_SHOT
    assert {*built.values()} == {"9.8.7"}


def test_only_containers_beside_the_gateway_are_believed_about_the_address_of_a_user(env_file: Path) -> None:
    resolved = json.loads(config(env_file, "core").stdout)
    (network,) = resolved["networks"]["edge"]["ipam"]["config"]
    for name in APPLICATIONS:
        assert resolved["services"][name]["environment"]["PIKET_TRUSTED_PROXIES"] == network["subnet"]


def test_every_setting_of_a_process_is_one_that_piket_knows(services: Mapping[str, Any]) -> None:
    known = {f"PIKET_{name.upper()}" for name in WorkerSettings.model_fields}
    for name in (CORE | TOOLS | {"demo"}) - {"kafka", "postgres", "gateway"}:
        assert services[name]["environment"].keys() <= known, name


def test_the_gateway_waits_for_a_container_that_is_replaced(gateway: str) -> None:
    """Grafana and Keycloak may not run at all: only Keycloak is waited for, because it is part of each sign-in."""
    blocks = re.findall(r"reverse_proxy (\w+):\d+( \{[^}]*\})?", gateway)
    waiting = {(name, "import replaced" in options) for name, options in blocks}
    assert waiting == {(name, True) for name in (*APPLICATIONS, "keycloak")} | {("grafana", False)}
    (seconds,) = re.findall(r"lb_try_duration (\d+)s", gateway)
    assert 15 <= int(seconds) <= 30


def test_the_gateway_answers_in_the_form_of_every_problem_when_no_server_does(gateway: str) -> None:
    handler = gateway.partition("handle_errors")[2]
    (body,) = re.findall(r"respond `(.*)` 503$", handler, re.MULTILINE)
    problem, form = json.loads(body), json.loads(bytes(Problem("unavailable").response().body))
    assert problem.keys() == form.keys()
    assert problem["type"].startswith("urn:piket:problem:")
    assert problem["status"] == 503
    assert f'Content-Type "{MEDIA_TYPE}"' in handler
    assert re.search(r"Retry-After \d+$", handler, re.MULTILINE)
    assert "in [502, 503, 504]" in handler
