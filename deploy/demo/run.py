"""Plays the morning of a demo: enters the world, plays the night before and the day, and creates the report."""

import asyncio
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.status import Status

from deploy.demo.instructions import RunningDemo, print_instructions
from deploy.demo.options import Options
from deploy.reference_world.seeding import seed_world
from deploy.simulation import readback, report
from deploy.simulation.behaviour import SimulatedTap
from deploy.simulation.ground_truth import PostPresence, actual_presence, head_count_steps, reported_presence
from deploy.simulation.player import DayPlayer
from deploy.simulation.scenario import DAY, build_scenario, unrostered_post, work_dates
from deploy.simulation.scenario_builder import Scenario
from deploy.simulation.shifts import SimulatedShift, shifts_of
from services.policy.domain.instruments.in_force import bindings
from services.policy.domain.presets.replay import reference_snapshot

FIRST_OFFICES = 4
"""The first row is expected from one of these first offices, which are entered first."""


@dataclass
class PlayedMorning:
    """Result of a played morning: actual and reported presence; `startup` is the time to the first row in seconds."""

    player: DayPlayer
    scenario: Scenario
    actual: Sequence[PostPresence]
    reported: Sequence[PostPresence]
    startup: float


async def play_morning(demo: RunningDemo, status: Status) -> int:
    """Play the morning, write the results, and wait for Ctrl-C unless headless. Return 1 if a check fails, else 0."""
    options = demo.options
    status.update(f"{options.people:,} people of {len(demo.offices)} OPD: entering …")
    startup, duties, scenario = await _enter_world(demo)
    taps = [tap for day in scenario.days.values() for tap in day.taps]
    player = DayPlayer(demo.client, options.midnight, demo.stack.time)
    status.update("Playing the night before …")
    await player.send_early_taps(taps, options.start * 60, demo.stack.set_clock)
    demo.stack.set_clock(options.start_instant, options.speed)
    status.stop()
    ready = time.monotonic() - demo.started_at
    demo.console.print(f"[dim]all data was entered after {ready:.1f} s[/dim]")
    print_instructions(demo, scenario)
    await _play_taps(demo, player, scenario, taps)
    actual, reported = actual_presence(scenario.days.values()), reported_presence(player.accepted, duties)
    failures = await _write_results(demo, PlayedMorning(player, scenario, list(actual), list(reported), startup))
    for failure in failures:
        demo.console.print(f"[red]{failure}", soft_wrap=True)
    if not options.headless:
        demo.console.print(
            "The morning is over: nobody taps any more, so counters will look empty and alerts will fire. Clock and"
            " services continue. Ctrl-C ends everything."
        )
        await asyncio.Event().wait()
    return 1 if failures else 0


async def _enter_world(demo: RunningDemo) -> tuple[float, Sequence[SimulatedShift], Scenario]:
    """Enter the world through the HTTP APIs; return the seconds to the first row, all shifts, and the scenario."""
    options, day = demo.options, demo.options.day
    # Started before the offices are entered: the first row appears meanwhile.
    first_row = asyncio.create_task(_first_row(demo))
    unrostered = unrostered_post(demo.offices, options.start, options.end, options.seed)
    dates = work_dates(day, grouped=_uses_groups(options))
    seeded = await seed_world(demo.client, demo.offices, day, dates, options.seed, frozenset([unrostered[:3]]))
    duties = shifts_of(demo.offices, seeded.rosters, day, [day - DAY, day, day + DAY])
    window = (options.start, options.end)
    scenario = build_scenario(demo.offices, duties, seeded.absences, unrostered, day, window, options.seed)
    return await first_row, duties, scenario


def _uses_groups(options: Options) -> bool:
    """Return whether an instrument has groups that work in rotation on that day."""
    bindings_of_regions = (
        binding for region in options.regions for binding in bindings(reference_snapshot(region).instruments)
    )
    return any(
        b.first <= options.day < b.until and b.rules.pattern and b.rules.pattern.groups for b in bindings_of_regions
    )


async def _first_row(demo: RunningDemo) -> float:
    """Return the seconds from the start until the view has the first row of the day."""
    while True:
        for office in demo.offices[:FIRST_OFFICES]:
            path = f"/reporting/v1/{office.region}/coverage/{office.opd}"
            if (await demo.client.get_once(path, {}, date=str(demo.options.day))).ok:
                seconds = time.monotonic() - demo.started_at
                demo.console.print(f"The board is at {demo.url}/ after {seconds:.1f} s; more offices follow.")
                return seconds
        await asyncio.sleep(0.25)


async def _play_taps(demo: RunningDemo, player: DayPlayer, scenario: Scenario, taps: Sequence[SimulatedTap]) -> None:
    options = demo.options
    with demo.console.status("") as status:

        def show_progress(sent: int, total: int) -> None:
            clock = player.instant(min(player.current_second, options.end * 60))
            status.update(f"{clock:%H.%M} {clock.tzname()} · {sent:,} of {total:,} taps")

        async with asyncio.TaskGroup() as group:
            group.create_task(player.send_taps_on_time(taps, options.start * 60, options.end * 60, show_progress))
            if scenario.outage and scenario.outage.end < options.end:
                group.create_task(player.declare_outage(scenario.outage))


async def _write_results(demo: RunningDemo, morning: PlayedMorning) -> list[str]:
    """Write ground truth and report if the options ask for them; return one sentence per failed check."""
    options = demo.options
    if options.truth:
        options.truth.write_text(
            json.dumps({"date": str(options.day), "seed": options.seed, "posts": _truth_by_post(morning)})
        )
    if not (options.report or options.headless):
        return []
    results = await _create_report(demo, morning)
    text = json.dumps(results, indent=1, ensure_ascii=False)
    if options.report:
        options.report.write_text(text + "\n")
    print(text, flush=True)
    return report.failures(results)


def _truth_by_post(morning: PlayedMorning) -> Mapping[str, Mapping[str, Any]]:
    """Return actual and reported number of people per post, as steps (minute, number from then on)."""
    actual, reported = head_count_steps(morning.actual), head_count_steps(morning.reported)
    return {
        "/".join(post_id): {"truth": actual.get(post_id, []), "disclosed": reported.get(post_id, [])}
        for post_id in sorted({*actual, *reported})
    }


async def _create_report(demo: RunningDemo, morning: PlayedMorning) -> Mapping[str, Any]:
    options, client, player = demo.options, demo.client, morning.player
    window = (options.start, options.end)
    positions = {(o.region, o.opd): player.positions.get((o.region, o.opd), 0) for o in demo.offices}
    view = await readback.view_rows(client, options.day, positions)
    events = await readback.stored_events(client, options.regions)
    log_counts = await readback.log_counts(demo.broker.connection, options.regions)
    return {
        "date": str(options.day),
        "people": options.people,
        "speed": options.speed,
        "broker": demo.broker.name,
        **report.event_figures(client, events, log_counts),
        "coverage_rows": len(view.rows),
        **report.presence_figures(view, morning.reported, morning.actual, window, options.seed),
        "states_seen": report.state_counts(view, window),
        "modes_seen": report.mode_counts(view, options.end - 1),
        "planted_found": report.recognised_situations(morning.scenario.expectations, view, events, options.midnight),
        "checkin_to_view_ms": report.latency_figures(player),
        "startup_seconds": round(morning.startup, 1),
        "rss_mb": resident_memory({**demo.stack.pids, **demo.broker.pids, **demo.monitoring.pids}.items()),
    }


def resident_memory(pids: Iterable[tuple[str, int]]) -> Mapping[str, int]:
    """Return the resident memory of the processes in MB, and the sum as `all`."""
    sizes = {}
    for name, pid in pids:
        with suppress(OSError):  # the process may have ended meanwhile
            fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
            sizes[name] = int(fields["VmRSS"].split()[0]) // 1024
    return {**sizes, "all": sum(sizes.values())}
