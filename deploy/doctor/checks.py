"""Lists all checks, and makes them side by side: a check waits for those that it needs."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

import httpx
import psycopg
from aiokafka.errors import KafkaError
from pydantic import ValidationError
from rich.console import Console

from deploy.doctor.judgement import backups, machines, movement, stores, tokens
from deploy.doctor.judgement import log as kafka_log
from deploy.doctor.judgement.verdict import Finding, Verdict, lines, summary
from deploy.doctor.probes import clocks, disks, http, log, relays
from deploy.doctor.probes import stores as store_probes
from deploy.doctor.probes.signals import Examination
from deploy.doctor.probes.tokens import observe_public_secrets, observe_tokens
from deploy.operations.sources import SERVICES_WITH_STORE
from shared.event_store.database import Unavailable
from shared.kafka.broker import silence_client_logs
from shared.kafka.errors import AccessRefused
from shared.settings import Settings
from shared.settings.secret_files import UnreadableSecret

T = TypeVar("T")

TIMEOUT_S = 12.0
EXPECTED_ERRORS = (
    KafkaError, AccessRefused, OSError, Unavailable, psycopg.Error, sqlite3.Error, httpx.HTTPError, httpx.InvalidURL,
    UnreadableSecret, ValidationError,
)  # fmt: skip


@dataclass(frozen=True)
class Check(Generic[T]):
    """A check: what observes, what judges, and the checks without which it cannot be made."""

    name: str
    observe: Callable[[Examination], Awaitable[T]]
    judge: Callable[[T], Verdict]
    needs: Sequence[str] = ()


STORES = tuple(f"store {service}" for service in SERVICES_WITH_STORE)
CHECKS: Sequence[Check[Any]] = (
    # First, because nothing is graver: anybody could use it at this moment.
    Check("public secrets", observe_public_secrets, tokens.judge_public_secrets),
    Check("kafka", log.observe_brokers, kafka_log.judge_brokers),
    Check("topics", log.observe_topics, kafka_log.judge_topics, ["kafka"]),
    Check("kafka rights", log.observe_rights, kafka_log.judge_rights, ["kafka"]),
    Check("topic settings", log.observe_topic_settings, kafka_log.judge_topic_settings, ["topics"]),
    # A store on a full disk fails in many ways: its disk is the fault to cure first.
    Check("disks", disks.observe_disks, machines.judge_disks),
    Check("disks of kafka", log.observe_log_disks, machines.judge_disks, ["kafka"]),
    *(
        Check(name, partial(store_probes.observe_store, service), stores.judge_store)
        for name, service in zip(STORES, SERVICES_WITH_STORE, strict=True)
    ),
    Check("backups", disks.observe_backups, backups.judge_backups),
    Check("tokens", observe_tokens, tokens.judge_tokens),
    Check("application", http.observe_application, machines.judge_ports),
    Check("metrics ports", http.observe_metrics_ports, machines.judge_ports),
    Check("clocks", clocks.observe_clocks, machines.judge_clocks, ["topics"]),
    Check("relays", relays.observe_relays, movement.judge_relays, ["topics"]),
    Check("projections", store_probes.observe_projections, stores.judge_projections, STORES),
    Check("workers", relays.observe_workers, movement.judge_workers, ["topics"]),
    Check("view", http.observe_view, movement.judge_view, ["application"]),
)


async def examine(settings: Settings, console: Console) -> int:
    """Make all checks, print their results in the order of the table, and return the exit status."""
    silence_client_logs()
    results = dict[str, Verdict]()
    for name, task in start(CHECKS, Examination(settings)).items():
        results[name] = await task
        for line in lines(name, results[name]):
            console.print(line, soft_wrap=True, markup=False, highlight=False)
    console.print(summary(results), soft_wrap=True, markup=False, highlight=False)
    return int(not all(result.healthy for result in results.values()))


def start(checks: Sequence[Check[Any]], examination: Examination) -> Mapping[str, asyncio.Task[Verdict]]:
    """Start all checks and return their tasks by name. A check is listed after those that it needs."""
    tasks: dict[str, asyncio.Task[Verdict]] = {}
    for check in checks:
        needed = [tasks[name] for name in check.needs]
        tasks[check.name] = asyncio.create_task(_make(check, examination, needed))
    return tasks


async def _make(check: Check[T], examination: Examination, needed: Sequence[asyncio.Task[Verdict]]) -> Verdict:
    for task in needed:
        if not (await task).healthy:
            return Verdict(not_checked=task.result().obstacle)
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return check.judge(await check.observe(examination))
    except TimeoutError:
        what = f"was not finished within {TIMEOUT_S:.0f} s"
        cure = "Run `piket doctor` again; if it repeats, look at the load of this machine and of what is checked."
    except EXPECTED_ERRORS as error:
        what = f"failed: {' '.join(str(error).split()).rstrip('.')}"
        cure = "Correct what the error names, then run `piket doctor` again."
    return Verdict([Finding(f"The check {check.name}", what, cure)])
