"""Monitors a running worker: topics that Faust does not read, lag and progress, and the balance between sources."""

import asyncio
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress

import faust
from faust.types import TP

from services.reporting.faust_batches.changelog_table import ChangelogTable
from services.reporting.process.exits import exit_on_error
from services.reporting.process.readiness import WorkerReadiness
from services.reporting.process.watchdog import Watchdog
from services.reporting.worker.metrics import LagMeter, RebalanceSensor
from services.reporting.worker.processor import Processor
from shared.background import end_within

END_WITHIN_S = 6.0
MISSING_TOPICS_EVERY_S, PROGRESS_EVERY_S, BALANCE_EVERY_S = 3.0, 1.0, 0.5


class TopicsNotAssigned(Exception):
    """Topics did not exist when partitions were assigned: Faust would not read them until the next assignment."""


def watch_missing_topics(app: faust.App, topics: Iterable[str], processor: Processor) -> None:
    """End the process if a topic has no assigned partition: after a restart Faust reads it again."""

    @app.timer(MISSING_TOPICS_EVERY_S)
    async def check() -> None:
        missing = missing_topics(app.consumer.assignment(), topics, read_before=bool(processor.positions))
        if missing and not app.rebalancing:
            with exit_on_error("Faust does not read topics that were missing for a moment"):
                raise TopicsNotAssigned(", ".join(missing))


def missing_topics(assigned: Iterable[tuple[str, int]], topics: Iterable[str], *, read_before: bool) -> list[str]:
    """Return the topics that lack a partition number which is assigned for another topic: all have the same numbers.

    Return all topics if a worker that has read before has no partition at all: it must start again, and becomes a spare
    if other workers have all partitions.
    """
    numbers_by_topic: dict[str, set[int]] = {name: set() for name in topics}
    for name, number in assigned:
        numbers_by_topic.get(name, set()).add(number)
    union = set().union(*numbers_by_topic.values())
    return sorted(name for name, numbers in numbers_by_topic.items() if numbers != union or (read_before and not union))


def watch_progress(
    app: faust.App,
    changelog: ChangelogTable,
    processor: Processor,
    meters: tuple[LagMeter, RebalanceSensor, WorkerReadiness],
    hang_s: float,
) -> None:
    """Measure lag, commits and readiness, and end the process if it makes no progress for `hang_s` seconds."""
    watchdog, (lag_meter, rebalances, readiness) = Watchdog(hang_s), meters

    # Not an `app.task`: Faust starts these only after the first recovery, which it may abort without a message.
    @app.on_partitions_assigned.connect
    async def start(*_: object, **__: object) -> None:
        if not watchdog.is_started:
            watchdog.start()
            app.add_future(report())

    async def report() -> None:
        while not app.should_stop:
            committed = app.consumer.committed_offsets()
            lag_meter.report_lag(unread_counts(app, read_positions(app, processor)))
            lag_meter.report_commit(committed)
            recovering = app.rebalancing or app.in_recovery
            busy = recovering or any(unread_counts(app, committed).values())
            waiting = rebalances.joining or not app.transport.membership.has_lease()
            numbers = {tp.partition for tp in app.consumer.assignment()}
            restored = [changelog.persisted_offset(tp) for tp in app.consumer.assignment()]
            readiness.report_state(joining=waiting, recovering=recovering, partitions=len(numbers))
            watchdog.report((frozenset(committed.items()), sum(restored)), idle=waiting or not busy)
            await asyncio.sleep(PROGRESS_EVERY_S)


def limit_shutdown(app: faust.App) -> None:
    """Limit how long the end of the process may take: without Kafka, Faust waits longer than a supervisor."""

    @app.on_before_shutdown.connect
    async def end(*_: object, **__: object) -> None:
        end_within(END_WITHIN_S, os.EX_OK)  # no failure: what was not acknowledged is read again


def balance_sources(app: faust.App, processor: Processor) -> None:
    """Pause sources of a region that are far ahead of its other sources, and close days that all have read past."""

    @app.timer(BALANCE_EVERY_S)
    async def balance() -> None:
        positions = read_positions(app, processor)
        at_end = {tp for tp, end in end_offsets(app).items() if positions.get(tp, -1) >= end}
        app.consumer.pause(processor.update_watermarks(at_end))
        await processor.close_days()


def read_positions(app: faust.App, processor: Processor) -> dict[TP, int]:
    """Return the offset of each partition's next record; the start offset if none was read in this assignment."""
    start_offsets = app.consumer.start_offsets()
    return processor.positions | {tp: offset for tp, offset in start_offsets.items() if offset is not None}


def unread_counts(app: faust.App, positions: Mapping[TP, int]) -> dict[TP, int]:
    """Return, by assigned partition, the number of records from its position to its end."""
    ends, assigned = end_offsets(app), app.consumer.assignment()
    return {tp: ends.get(tp, position) - position for tp, position in positions.items() if tp in assigned}


def end_offsets(app: faust.App) -> dict[TP, int]:
    """Return the end offset of each assigned partition, as of its last fetch; without partitions not fetched yet."""
    ends: dict[TP, int] = {}
    for tp in app.consumer.assignment():
        with suppress(AssertionError):  # aiokafka asserts that the partition is assigned; it may be revoked right now
            ends[tp] = app.consumer.highwater(tp)
    return {tp: end for tp, end in ends.items() if end is not None}
