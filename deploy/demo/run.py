"""The morning of a demo: a world is entered, the night before and the day are played, the books are compared."""

import asyncio
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.status import Status

from deploy.demo.instructions import Show, explain
from deploy.demo.options import Options
from deploy.reference_world.seeding import enrol
from deploy.simulation import readback, report
from deploy.simulation.behaviour import Press
from deploy.simulation.ground_truth import Stand, disclosed, lived, steps
from deploy.simulation.player import Play
from deploy.simulation.scenario import DAY, plotted, unplanned, work_dates
from deploy.simulation.scenario_builder import Plot
from deploy.simulation.shifts import Shift, shifts
from services.policy.domain.instruments.lifecycle import bindings
from services.policy.domain.presets.replay import books

FIRST = 4
"""Offices among which the first row is looked for: those that are entered first."""


@dataclass
class Played:
    """A morning that was played: who stood where, and who by their taps; `startup` seconds to the first row."""

    play: Play
    plot: Plot
    stood: Sequence[Stand]
    told: Sequence[Stand]
    startup: float


async def morning(show: Show, status: Status) -> int:
    """Play, tell, and wait until interrupted unless headless. The exit status: 1 if anything is not as it must be."""
    options = show.options
    status.update(f"{options.people:,} people of {len(show.offices)} OPD are entered …")
    startup, duties, plot = await _entered(show)
    presses = [press for life in plot.lives.values() for press in life.presses]
    play = Play(show.caller, options.midnight, show.stack.time)
    status.update("The night before is played …")
    await play.before(presses, options.start * 60, show.stack.set_clock)
    show.stack.set_clock(options.begins, options.speed)
    status.stop()
    ready = time.monotonic() - show.began
    show.console.print(f"[dim]all is entered after {ready:.1f} s[/dim]")
    explain(show, plot)
    await _played(show, play, plot, presses)
    stood, told = lived(plot.lives.values()), disclosed(play.accepted, duties)
    wrong = await _told(show, Played(play, plot, list(stood), list(told), startup))
    for sentence in wrong:
        show.console.print(f"[red]{sentence}", soft_wrap=True)
    if not options.headless:
        show.console.print("All is played; the clock goes on, and so do the services. Ctrl-C ends everything.")
        await asyncio.Event().wait()
    return 1 if wrong else 0


async def _entered(show: Show) -> tuple[float, Sequence[Shift], Plot]:
    """The world by the front doors; seconds to the first row of the view, everybody's duties, and what will happen."""
    options, day = show.options, show.options.day
    first_row = asyncio.create_task(_first_row(show))
    without = unplanned(show.offices, options.start, options.end, options.seed)
    dates = work_dates(day, grouped=_grouped(options))
    entered = await enrol(show.caller, show.offices, day, dates, options.seed, frozenset([without[:3]]))
    duties = shifts(show.offices, entered.rosters, day, [day - DAY, day, day + DAY])
    play = (options.start, options.end)
    plot = plotted(show.offices, duties, entered.absences, without, day, play, options.seed)
    return await first_row, duties, plot


def _grouped(options: Options) -> bool:
    """Whether an instrument lets groups take turns that day."""
    there = (binding for region in options.regions for binding in bindings(books(region).courses))
    return any(b.first <= options.day < b.until and b.rules.pattern and b.rules.pattern.groups for b in there)


async def _first_row(show: Show) -> float:
    """Seconds from the start to the first row of the day in the view."""
    while True:
        for office in show.offices[:FIRST]:
            path = f"/reporting/v1/{office.region}/coverage/{office.opd}"
            if (await show.caller.ask(path, {}, date=str(show.options.day))).ok:
                seconds = time.monotonic() - show.began
                show.console.print(f"The board is at {show.stack.url}/ after {seconds:.1f} s, and fills up.")
                return seconds
        await asyncio.sleep(0.25)


async def _played(show: Show, play: Play, plot: Plot, presses: Sequence[Press]) -> None:
    options = show.options
    with show.console.status("") as status:

        def said(sent: int, of: int) -> None:
            clock = play.at(min(play.second, options.end * 60))
            status.update(f"{clock:%H.%M} {clock.tzname()} · {sent:,} of {of:,} taps")

        async with asyncio.TaskGroup() as group:
            group.create_task(play.between(presses, options.start * 60, options.end * 60, said))
            if plot.outage and plot.outage.end < options.end:
                group.create_task(play.declare(plot.outage))


async def _told(show: Show, played: Played) -> list[str]:
    """Write the truth and the report, where asked for; answers what is not as it must be."""
    options = show.options
    if options.truth:
        options.truth.write_text(json.dumps({"date": str(options.day), "seed": options.seed, "posts": _both(played)}))
    if not (options.report or options.headless):
        return []
    made = await _reported(show, played)
    text = json.dumps(made, indent=1, ensure_ascii=False)
    if options.report:
        options.report.write_text(text + "\n")
    print(text, flush=True)
    return report.verdict(made)


def _both(played: Played) -> Mapping[str, Mapping[str, Any]]:
    """Heads at every post as (minute, heads from then on): as it was, and as the taps say."""
    stood, told = steps(played.stood), steps(played.told)
    return {
        "/".join(counter): {"truth": stood.get(counter, []), "disclosed": told.get(counter, [])}
        for counter in sorted({*stood, *told})
    }


async def _reported(show: Show, played: Played) -> Mapping[str, Any]:
    options, caller, play = show.options, show.caller, played.play
    window = (options.start, options.end)
    positions = {(o.region, o.opd): play.positions.get((o.region, o.opd), 0) for o in show.offices}
    seen = await readback.rows(caller, options.day, positions)
    events = await readback.stored(caller, options.regions)
    logged = await readback.logged(show.broker.bootstrap, options.regions)
    return {
        "date": str(options.day),
        "people": options.people,
        "speed": options.speed,
        "broker": show.broker.name,
        **report.books(caller, events, logged),
        "coverage_rows": len(seen.rows),
        **report.presence(seen, played.told, played.stood, window, options.seed),
        "states_seen": report.states(seen, window),
        "modes_seen": report.modes(seen, options.end - 1),
        "planted_found": report.found(played.plot.signs, seen, events, options.midnight),
        "checkin_to_view_ms": report.speed(play),
        "startup_seconds": round(played.startup, 1),
        "rss_mb": memory({**show.stack.pids, **show.broker.pids}.items()),
    }


def memory(pids: Iterable[tuple[str, int]]) -> Mapping[str, int]:
    """The resident memory of processes, in MB, and its sum."""
    sizes = {}
    for name, pid in pids:
        with suppress(OSError):
            told = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
            sizes[name] = int(told["VmRSS"].split()[0]) // 1024
    return {**sizes, "all": sum(sizes.values())}
