"""Asks over HTTP who answers at the ports of a deployment, and whether its view is current."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime

import httpx

from deploy.doctor.judgement.machines import PortObserved, PortsObserved, PortUse
from deploy.doctor.judgement.movement import ViewObserved
from deploy.doctor.probes.log import LOOPBACK
from deploy.doctor.probes.signals import Examination
from services.reporting.operations.scraping import UnusableTargets, read_targets
from shared.settings import Settings

TIMEOUT_S = 3.0
GATEWAY = "`piket serve` (PIKET_GATEWAY)"
HEALTHY = {"status": "up"}


async def observe_application(examination: Examination) -> PortsObserved:
    """Ask the gateway whether Piket's application answers."""
    gateway = examination.settings.service_url("reporting")
    async with _client() as http:
        use = await _use_of(http, f"{gateway}/healthz", _is_healthy)
    return PortsObserved([PortObserved(gateway, GATEWAY, use)])


async def observe_metrics_ports(examination: Examination) -> PortsObserved:
    """Ask every scrape target, and the port of this environment, whether Piket serves metrics there."""
    try:
        ports = list(_metrics_ports(examination.settings))
    except UnusableTargets as error:
        return PortsObserved(unusable_targets=str(error))
    async with _client() as http:
        uses = await asyncio.gather(
            *(_use_of(http, f"http://{port.address}/metrics", _is_exposition) for port in ports)
        )
    return PortsObserved([port._replace(use=use) for port, use in zip(ports, uses, strict=True)])


def _metrics_ports(settings: Settings) -> Iterator[PortObserved]:
    # A deployment that is not watched has no file of targets; one that the settings name must exist.
    has_targets = "targets" in settings.model_fields_set or settings.targets.exists()
    processes = _processes_by_address(settings) if has_targets else {}
    if has_targets and not processes:
        raise UnusableTargets(f"{settings.targets}: it lists no targets")
    for address, process in processes.items():
        yield PortObserved(address, process, PortUse.NOBODY)
    configured = f"127.0.0.1:{settings.metrics_port}"
    if settings.metrics_port and configured not in processes:
        yield PortObserved(configured, "the setting PIKET_METRICS_PORT", PortUse.NOBODY, may_be_free=True)


def _processes_by_address(settings: Settings) -> Mapping[str, str]:
    targets = read_targets(settings.targets)
    return {target.address: f"the process {target.process} (PIKET_TARGETS)" for target in targets}


async def observe_view(examination: Examination) -> ViewObserved:
    """Ask the application whether its view is current."""
    gateway = examination.settings.service_url("reporting")
    async with _client() as http:
        answer = await http.get(f"{gateway}/readyz")
    return view_observed(gateway, answer)


def view_observed(gateway: str, answer: httpx.Response) -> ViewObserved:
    """Return what an answer of `/readyz` says of the view; an empty state if it says nothing of a view."""
    with suppress(ValueError, TypeError, KeyError, AttributeError):
        view = {name.rpartition(": ")[2]: part for name, part in answer.json()["parts"].items()}["view"]
        since = datetime.fromisoformat(view["since"]) if "since" in view else None
        return ViewObserved(gateway, answer.status_code, str(view["state"]), since)
    return ViewObserved(gateway, answer.status_code)


def _client() -> httpx.AsyncClient:
    # A proxy of the environment is for other hosts: the ports are on this machine or in this network.
    return httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False)


async def _use_of(http: httpx.AsyncClient, url: str, is_piket: Callable[[httpx.Response], bool]) -> PortUse:
    try:
        answer = await http.get(url)
    except httpx.ConnectTimeout as error:
        # This machine refuses a port that nobody serves; only the full queue of a process that hangs is silent.
        return PortUse.HANGS if error.request.url.host in LOOPBACK else PortUse.NOBODY
    except httpx.ConnectError:
        return PortUse.NOBODY
    except httpx.TimeoutException:
        return PortUse.HANGS
    except httpx.HTTPError:  # something listens, but it does not speak HTTP
        return PortUse.ANOTHER_PROGRAM
    return PortUse.PIKET if is_piket(answer) else PortUse.ANOTHER_PROGRAM


def _is_healthy(answer: httpx.Response) -> bool:
    try:
        return answer.is_success and answer.json() == HEALTHY
    except ValueError:
        return False


def _is_exposition(answer: httpx.Response) -> bool:
    return answer.is_success and "piket_" in answer.text
