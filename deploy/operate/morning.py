"""The morning that a demo shows: a world is entered, the night before and the day are played, the books are compared."""

import asyncio
import json
import random
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.status import Status

from deploy.operate.broker import Broker
from deploy.operate.options import Options
from deploy.operate.stack import Stack
from deploy.simulate import reading, report
from deploy.simulate.caller import Caller
from deploy.simulate.lives import Press, lives
from deploy.simulate.planted import Plot, Sign, Stage, Told, plant
from deploy.simulate.play import Play
from deploy.simulate.shifts import Counter, Shift, opened, shifts
from deploy.simulate.truth import disclosed, lived, steps
from deploy.world.enrol import Enrolled, enrol
from deploy.world.world import Office
from services.policy.presets import presets

ONE = timedelta(days=1)


@dataclass
class Show:
    """A demo that runs: what was asked, its processes, and who asks them."""

    options: Options
    stack: Stack
    broker: Broker
    offices: Sequence[Office]
    caller: Caller
    began: float
    console: Console


async def morning(show: Show, status: Status) -> int:
    options = show.options
    status.update(f"{options.people:,} people of {len(show.offices)} OPD are entered …")
    first_row = asyncio.create_task(_first_row(show))
    without = unplanned(show.offices, options)
    entered = await enrol(
        show.caller, show.offices, options.day, dates(options), options.seed, frozenset([without[:3]])
    )
    startup = await first_row
    duties = shifts(show.offices, entered.rosters, options.day, [options.day - ONE, options.day, options.day + ONE])
    plot = _plotted(show, duties, entered, without)
    presses = [press for life in plot.lives.values() for press in life.presses]
    play = Play(show.caller, options.midnight, lambda: show.stack.now())
    status.update("The night before is played …")
    await play.before(presses, options.start * 60, show.stack.set_clock)
    show.stack.set_clock(options.begins, options.speed)
    status.stop()
    show.console.print(
        f"[dim]first coverage after {startup:.1f} s, all entered after {time.monotonic() - show.began:.1f} s[/dim]"
    )
    explain(show, plot)
    await _played(show, play, plot, presses)
    wrong = await _told(show, play, plot, duties, startup, entered)
    if not options.headless:
        show.console.print("The morning is played; the clock goes on, and so do the services. Ctrl-C ends everything.")
        await asyncio.Event().wait()
    for sentence in wrong:
        show.console.print(f"[red]{sentence}", soft_wrap=True)
    return 1 if wrong else 0


def dates(options: Options) -> list[date]:
    """The work dates that are rostered: the day, the ones around it, and its whole week where a grouping holds."""
    grouped = any(
        i.rules.pattern
        and i.rules.pattern.groups
        and i.effective_from <= options.day <= (i.effective_to or options.day)
        for i in presets().values()
    )
    monday = options.day - timedelta(days=options.day.weekday())
    week = [monday + timedelta(days=n) for n in range(5)] if grouped else []
    return sorted({options.day - ONE, options.day, options.day + ONE, *week})


def unplanned(offices: Sequence[Office], options: Options) -> Counter:
    """A counter of a service unit that gets no roster: of such a unit the board must say that it knows nothing."""
    late = options.end - 30
    found = [
        Counter(office.region, office.opd, unit.unit, post.post)
        for office in offices
        for unit in office.units
        for post in unit.posts
        if options.start + 5 <= post.opens <= late and unit.class_ == "DIRECT" and len(office.units) > 2
    ]
    found = found or [Counter(o.region, o.opd, u.unit, u.posts[0].post) for o in offices for u in o.units if u.posts]
    return random.Random(options.seed).choice(found)  # noqa: S311 - a choice, not a secret


def _plotted(show: Show, duties: Sequence[Shift], entered: Enrolled, without: Counter) -> Plot:
    options = show.options
    due = [d for d in duties if d.end > 0 and d.start < 1440]
    lived_ = {life.shift: life for life in lives(due, options.seed)}
    stage = Stage(
        options.start,
        options.end,
        due,
        opened(show.offices, due, options.day),
        Plot(lived_),
        random.Random(options.seed),
    )  # noqa: S311 - a choice, not a secret
    plot = plant(stage)
    opens = (
        next(o.post.opens for o in stage.open if o.counter == without)
        if any(o.counter == without for o in stage.open)
        else options.start
    )
    plot.signs["unrostered_unit"] = [Sign(without, max(opens, options.start) + 5, "TIDAK_DIKETAHUI")]
    for kind in ("LEAVE", "TRAVEL"):
        away = next((a for a in entered.absences if a.kind == kind), None)
        fields = {"employee": away.employee, "kind": kind} if away else {}
        plot.signs[kind.lower()] = [Told(away.region, "roster", "absence-declared", fields)] if away else []
    return plot


async def _played(show: Show, play: Play, plot: Plot, presses: Sequence[Press]) -> None:
    options = show.options
    with show.console.status("") as status:

        def said(sent: int, of: int) -> None:
            clock = play.at(min(play.second, options.end * 60))
            status.update(f"{clock:%H.%M} {clock.tzname()} · {sent:,} of {of:,} taps")

        declared = asyncio.create_task(play.declare(plot.outage)) if plot.outage else None
        await play.between(presses, options.start * 60, options.end * 60, said)
        if declared:
            await declared


async def _told(show: Show, play: Play, plot: Plot, duties: Sequence[Shift], startup: float, entered: Enrolled
                ) -> list[str]:  # fmt: skip
    """Write the report and the truth, if asked for; answers what is not as it must be."""
    options = show.options
    stood, told = list(lived(plot.lives.values())), list(disclosed(play.accepted, duties))
    if options.truth:
        both = {"truth": steps(stood), "disclosed": steps(told)}
        posts = {
            "/".join(c): {lane: s.get(c, []) for lane, s in both.items()}
            for c in sorted({*both["truth"], *both["disclosed"]})
        }
        options.truth.write_text(json.dumps({"date": str(options.day), "seed": options.seed, "posts": posts}))
    if not (options.report or options.headless):
        return []
    made = await _report(show, play, plot, (stood, told), startup)
    text = json.dumps(made, indent=1, ensure_ascii=False)
    if options.report:
        options.report.write_text(text + "\n")
    print(text, flush=True)
    return report.verdict(made)


async def _report(show: Show, play: Play, plot: Plot, stands: Any, startup: float) -> Mapping[str, Any]:  # noqa: ANN401
    options, caller = show.options, show.caller
    window = (options.start, options.end)
    positions = {(o.region, o.opd): play.positions.get((o.region, o.opd), 0) for o in show.offices}
    seen = await reading.rows(caller, options.day, positions)
    events = await reading.stored(caller, options.regions)
    logged = await reading.logged(show.broker.bootstrap, options.regions, 3)
    return {
        "date": str(options.day),
        "people": options.people,
        "speed": options.speed,
        "broker": show.broker.name,
        **report.books(caller, events, logged),
        "coverage_rows": len(seen.rows),
        **report.presence(seen, stands[1], stands[0], window, options.seed),
        "states_seen": report.states(seen, window),
        "modes_seen": report.modes(seen, options.end - 1),
        "planted_found": report.found(plot.signs, seen, events, options.midnight),
        "checkin_to_view_ms": report.speed(play),
        "startup_seconds": round(startup, 1),
        "rss_mb": memory({**show.stack.pids, **show.broker.pids}),
    }


def memory(pids: Mapping[str, int]) -> Mapping[str, int]:
    """The resident memory of processes, in MB, and its sum."""
    sizes = {}
    for name, pid in pids.items():
        with suppress(OSError):
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
            sizes[name] = next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS")), 0)
    return {**sizes, "all": sum(sizes.values())}


async def _first_row(show: Show) -> float:
    """Seconds from the start to the first row of the day in the view."""
    while True:
        for office in show.offices[:: max(len(show.offices) // 10, 1)]:
            path = f"/reporting/v1/{office.region}/coverage/{office.opd}"
            answer = await show.caller.http.get(path, params={"date": str(show.options.day)})
            if answer.is_success:
                return time.monotonic() - show.began
        await asyncio.sleep(0.25)


def explain(show: Show, plot: Plot) -> None:
    """Print where to look and what to try."""
    print(f"\n  {show.stack.url}/\n")
    if reader := plot.reader:
        print(
            f"Nobody comes to {reader.post} of {reader.unit} ({reader.opd}): {show.stack.url}/opd/{reader.region}/{reader.opd}\n"
            "Be its clerk (once; the same tap again changes nothing):\n\n" + curl(show, reader)
        )
    print("\nCtrl-C ends everything.\n", flush=True)


def curl(show: Show, reader: Shift) -> str:
    """The tap of an example person, for a terminal."""
    body = {
        "client_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
        "place": {"class": "SITE", "site": reader.site},
        "evidence": {"kind": "GEOFENCE", "accuracy_m": 12, "distance_class": "INSIDE"},
    }
    token = show.caller.employee(reader.region, reader.opd, reader.employee)
    return (
        f"  curl -sS {show.stack.url}/attendance/v1/{reader.region}/check-ins \\\n"
        f"    -H 'Authorization: Bearer {token}' \\\n"
        "    -H 'Idempotency-Key: a-reader-arrives' -H 'Content-Type: application/json' \\\n"
        f"    -d '{json.dumps(body, separators=(',', ':'))}'"
    )
