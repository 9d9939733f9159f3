"""Checks that a process gives each port once, and only from its own range."""

import pytest

from deploy.local.server_process import PORTS_VARIABLE, free_ports


def test_a_port_is_given_once_and_from_the_range_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PORTS_VARIABLE, "14900-14939")
    ports = [*free_ports(4), *free_ports(1), *free_ports(1)]
    assert len(set(ports)) == 6
    assert set(ports) <= set(range(14_900, 14_940))


def test_a_range_without_free_ports_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PORTS_VARIABLE, "14950-14951")
    with pytest.raises(RuntimeError, match=r"No 3 free ports were found on 127\.0\.0\.1, 14950 to 14951"):
        free_ports(3)
