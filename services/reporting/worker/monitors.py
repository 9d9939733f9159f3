"""What a worker looks at while it runs: topics that Faust leaves out, how far it is, and whether it gets on."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress

import faust
from faust.types import TP

from services.reporting.process.exits import fatal
from services.reporting.process.watchdog import Watchdog
from services.reporting.worker.changelog import Changelog
from services.reporting.worker.metrics import Reading, Rounds
from services.reporting.worker.processor import Processor

WHOLE_EVERY_S, LOOK_EVERY_S, PACE_EVERY_S = 3.0, 1.0, 0.5


class LeftOut(Exception):
    """Topics that were missing when partitions were assigned: Faust would never read them again."""


def whole(app: faust.App, topics: Iterable[str], processor: Processor) -> None:
    """Notice what Faust does not read."""

    @app.timer(WHOLE_EVERY_S)  # type: ignore[untyped-decorator]
    async def look() -> None:
        unread = left_out(app.consumer.assignment(), topics, read_before=bool(processor.positions))
        if unread and not app.rebalancing:
            with fatal("Faust left topics out that were missing for a moment"):
                raise LeftOut(", ".join(unread))


def left_out(assigned: Iterable[tuple[str, int]], topics: Iterable[str], *, read_before: bool) -> list[str]:
    """Topics that lack a partition number which another topic was assigned: all have the same partitions.

    All of them, when a worker that has read is left with none: it starts again, as a spare if others have them all.
    """
    numbers: dict[str, set[int]] = {name: set() for name in topics}
    for name, number in assigned:
        numbers.get(name, set()).add(number)
    every = set().union(*numbers.values())
    return sorted(name for name, held in numbers.items() if held != every or (read_before and not every))


def progress(
    app: faust.App, changelog: Changelog, processor: Processor, meters: tuple[Reading, Rounds], hang_s: float
) -> None:
    """Measure how far the worker is, and end it when it gets nowhere.

    Also between assignment and reading: a step of Faust's recovery that took too long is its last, and nobody is told.
    """
    watchdog, (reading, rounds) = Watchdog(hang_s), meters

    @app.on_partitions_assigned.connect  # type: ignore[untyped-decorator] # Faust's tasks wait for the first recovery
    async def begin(*_: object, **__: object) -> None:
        if not watchdog.watches:
            watchdog.start()
            app.add_future(look())

    async def look() -> None:
        while not app.should_stop:
            committed = app.consumer.committed()
            reading.lag(unread(app, reached(app, processor)))
            reading.commit(committed)
            busy = app.rebalancing or app.in_recovery or any(unread(app, committed).values())
            waits = rounds.joining or not app.transport.membership.holds()
            recovered = [changelog.persisted_offset(tp) for tp in app.consumer.assignment()]
            watchdog.look((frozenset(committed.items()), sum(recovered)), excused=waits or not busy)
            await asyncio.sleep(LOOK_EVERY_S)


def pace(app: faust.App, processor: Processor) -> None:
    """Keep the sources of a region together in time, and let days be closed that all of them have left behind."""

    @app.timer(PACE_EVERY_S)  # type: ignore[untyped-decorator]
    async def look() -> None:
        at = reached(app, processor)
        at_end = {tp for tp, end in ends(app).items() if at.get(tp, -1) >= end}
        app.consumer.hold(processor.pace(at_end))
        await processor.close_days()


def reached(app: faust.App, processor: Processor) -> dict[TP, int]:
    """How far every partition is read, or where it was sought while none of it was in this assignment."""
    return processor.positions | {tp: begin for tp, begin in app.consumer.begins().items() if begin is not None}


def unread(app: faust.App, positions: Mapping[TP, int]) -> dict[TP, int]:
    """Records behind these positions, of the partitions held."""
    last, held = ends(app), app.consumer.assignment()
    return {tp: last.get(tp, at) - at for tp, at in positions.items() if tp in held}


def ends(app: faust.App) -> dict[TP, int]:
    """Where the partitions held end, as the last fetch told; none of one that was revoked at this moment."""
    known: dict[TP, int] = {}
    for tp in app.consumer.assignment():
        with suppress(AssertionError):  # aiokafka knows no end of it
            known[tp] = app.consumer.highwater(tp)
    return {tp: end for tp, end in known.items() if end is not None}
