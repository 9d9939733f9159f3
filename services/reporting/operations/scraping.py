"""Reads what the processes of a deployment export, from the targets of a file in the file_sd format of Prometheus."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Annotated, NamedTuple

import httpx
from prometheus_client.parser import text_string_to_metric_families
from pydantic import AfterValidator, BaseModel, TypeAdapter, ValidationError

from services.reporting.domain.operations.health import MetricValue, ScrapedProcess
from shared.clock import Clock
from shared.settings import validate_addresses

TIMEOUT_S = 2.0
METRICS_PATH = "/metrics"
METRICS = (
    "piket_build_info",
    "piket_relay_",
    "piket_worker_lag_seconds",
    "piket_view_behind_seconds",
    "piket_projection_",
)
"""Beginnings of the names of the metrics that the page uses. The parser reads no other line: it is slow."""


class UnusableTargets(Exception):
    """The file of the targets does not exist or cannot be read; the text says why."""


class ScrapeTarget(NamedTuple):
    """One endpoint of one process."""

    process: str
    address: str
    path: str


class _Group(BaseModel):
    targets: list[Annotated[str, AfterValidator(validate_addresses)]]
    labels: dict[str, str] = {}


_groups = TypeAdapter(list[_Group])


def read_targets(file: Path) -> list[ScrapeTarget]:
    """Return the endpoints that a file lists. Raise `UnusableTargets` if it does not exist or cannot be read."""
    try:
        groups = _groups.validate_python(json.loads(file.read_text()))
    except OSError as error:
        raise UnusableTargets(f"{file}: {error.strerror}") from error
    except ValidationError as error:
        wrong = error.errors()[0]
        where = "/".join(map(str, (file, *wrong["loc"])))
        raise UnusableTargets(f"{where}: {wrong['msg'].removeprefix('Value error, ')}") from error
    except ValueError as error:
        raise UnusableTargets(f"{file}: no JSON, {error}") from error
    return [
        ScrapeTarget(group.labels.get("process", address), address, group.labels.get("__metrics_path__", METRICS_PATH))
        for group in groups
        for address in group.targets
    ]


class Scraper:
    """Reads all processes at each call, and remembers since when one has not answered."""

    def __init__(self, file: Path, now: Clock, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._file, self._now, self._transport = file, now, transport
        self._silent_since: dict[str, datetime] = {}

    async def scrape(self, region: str) -> list[ScrapedProcess]:
        """Return what each process exports, of regions only this one, `TIMEOUT_S` later at most.

        Raise `UnusableTargets`.
        """
        targets = [
            target
            for target in await asyncio.to_thread(read_targets, self._file)
            # The endpoint of a region has the coverage of all its OPD, and takes its process a tenth of a second.
            if target.path in {METRICS_PATH, f"{METRICS_PATH}/{region}"}
        ]
        async with httpx.AsyncClient(timeout=TIMEOUT_S, transport=self._transport) as http:
            answers = await asyncio.gather(*(_read_endpoint(http, target) for target in targets))
        by_process: dict[tuple[str, str], list[Sequence[MetricValue] | None]] = {}
        for target, answer in zip(targets, answers, strict=True):
            by_process.setdefault((target.process, target.address), []).append(answer)
        return [self._scraped(process, address, parts) for (process, address), parts in by_process.items()]

    def _scraped(self, process: str, address: str, parts: Iterable[Sequence[MetricValue] | None]) -> ScrapedProcess:
        answered = [part for part in parts if part is not None]
        if not answered:
            return ScrapedProcess(process, address, None, self._silent_since.setdefault(address, self._now()))
        self._silent_since.pop(address, None)
        return ScrapedProcess(process, address, list(chain.from_iterable(answered)))


async def _read_endpoint(http: httpx.AsyncClient, target: ScrapeTarget) -> Sequence[MetricValue] | None:
    """Return the values of an endpoint; None if it does not answer with metrics in time."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            answer = await http.get(f"http://{target.address}{target.path}")
        return parse_metrics(answer.raise_for_status().text)
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError):
        return None


def parse_metrics(text: str) -> list[MetricValue]:
    """Return the values of `METRICS` in the text format of Prometheus. Raise ValueError."""
    used = "\n".join(line for line in text.splitlines() if line.startswith(METRICS))
    return [
        MetricValue(sample.name, dict(sample.labels), float(sample.value))
        for family in text_string_to_metric_families(f"{used}\n")
        for sample in family.samples
    ]
