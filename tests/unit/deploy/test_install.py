"""Tests the installation of programs without apt-get."""

import stat
from pathlib import Path

import pytest

from deploy.install import __main__ as installation
from deploy.install.debian import refused_service_starts
from deploy.install.programs import OPTIONAL_PROGRAMS, PROGRAMS, Program

PRESENT = Program("present", lambda: True, "present")
ABSENT = Program("Alertmanager", lambda: False, "prometheus-alertmanager", service=True)


def test_no_package_starts_a_service_while_it_is_installed(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    with refused_service_starts(policy):
        assert policy.read_text().endswith("exit 101\n")
        assert policy.stat().st_mode & stat.S_IXUSR
    assert not policy.exists()


def test_the_policy_of_an_administrator_stays(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 0\n")
    with refused_service_starts(policy):
        assert policy.read_text() == "#!/bin/sh\nexit 0\n"
    assert policy.read_text() == "#!/bin/sh\nexit 0\n"


def test_without_root_a_missing_program_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "can_install", lambda: False)
    with pytest.raises(SystemExit, match=r"`make test` needs Alertmanager; .*apt-get install prometheus-alertmanager"):
        installation.install([PRESENT, ABSENT], "test")


def test_an_error_of_apt_get_is_shown_and_nothing_is_disabled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "can_install", lambda: True)
    monkeypatch.setattr(installation, "apt_get", lambda packages: f"no network for {packages}")
    monkeypatch.setattr(installation, "disable_service", lambda name: pytest.fail(f"{name} was not installed"))
    with pytest.raises(SystemExit, match="no network for \\['prometheus-alertmanager'\\]"):
        installation.install([PRESENT, ABSENT], "test")


def test_only_the_services_that_were_just_installed_are_disabled(monkeypatch: pytest.MonkeyPatch) -> None:
    disabled: list[str] = []
    monkeypatch.setattr(installation, "can_install", lambda: True)
    monkeypatch.setattr(installation, "apt_get", lambda _: "")
    monkeypatch.setattr(installation, "disable_service", disabled.append)
    assert installation.add_packages([PRESENT, ABSENT]) == ""
    assert disabled == ["prometheus-alertmanager"]


def test_a_demo_does_not_need_its_monitoring() -> None:
    assert not {*OPTIONAL_PROGRAMS["demo"]} & {*PROGRAMS["demo"]}
    assert {*OPTIONAL_PROGRAMS["demo"]} <= {*PROGRAMS["test"]}
