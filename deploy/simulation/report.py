"""What a played morning shows: the driver's own books beside the stores, the log and the view."""

import random
import statistics
from collections import Counter as Tally
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from deploy.http_client import Caller
from deploy.simulation.ground_truth import Stand, heads
from deploy.simulation.player import Play
from deploy.simulation.scenario_builder import Sign, Told
from deploy.simulation.shifts import Counter
from services.reporting.domain.status.status_timeline import Day, State, runs
from shared.domain.facts.coverage import Coverage, PostCoverage, Steps, at
from shared.domain.facts.policy import InstrumentReached, PolicyChanged

MOMENTS = 5
PAGE = 1_000
SERVICES = ("policy", "roster", "attendance")
NO_POST = PostCoverage()


class Books(NamedTuple):
    """Where events stand: ids stored, (source, sequence) stored, and how often each (source, sequence) is in Kafka."""

    ids: frozenset[str]
    stored: frozenset[tuple[str, int]]
    logged: Tally[tuple[str, int]]


@dataclass(frozen=True)
class Seen:
    """The view after the last sync: the row of every OPD, and every post of it by its full name."""

    rows: Mapping[tuple[str, str], Coverage]

    def post(self, counter: Counter) -> PostCoverage:
        """The lanes of a post; empty ones where the view has none."""
        row = self.rows.get(counter[:2])
        unit = row.units.get(counter.unit) if row else None
        return unit.posts.get(counter.post, NO_POST) if unit else NO_POST

    def state(self, counter: Counter, minute: int) -> State:
        """The state of a post at a minute, as the board told it then."""
        return next(run.state for run in runs(Day(self.post(counter))) if run.end > minute)

    @property
    def counters(self) -> list[Counter]:
        """Every post that the view knows."""
        return [Counter(*place, unit, post) for place, row in sorted(self.rows.items())
                for unit, posts in row.units.items() for post in posts.posts]  # fmt: skip


DUE = frozenset({"IN_FORCE", "AMENDED", "SUSPENDED", "SUPERSEDED", "REVOKED", "EXPIRED"})


def _by_itself(event: Mapping[str, Any]) -> bool:
    """Whether policy recorded it because a date had come, which nobody asked for."""
    kind = event.get("type")
    return kind == InstrumentReached.TYPE or (kind == PolicyChanged.TYPE and event["data"]["change"]["kind"] in DUE)


def books(caller: Caller, events: Sequence[Mapping[str, Any]], logged: Tally[tuple[str, int]]) -> Mapping[str, object]:
    """What was promised, stored and sent, and the differences: `lost` and `phantom` must be 0."""
    kept = Books(
        frozenset(e["id"] for e in events),
        frozenset((e["source"], int(e["sequence"])) for e in events),
        logged,
    )
    lost = (caller.acknowledged - kept.ids, kept.stored - kept.logged.keys())
    due = {e["id"] for e in events if _by_itself(e)}
    phantom = (kept.ids - caller.acknowledged - due, kept.logged.keys() - kept.stored)
    return {
        "commands": dict(sorted(caller.outcomes.items())),
        "events_stored": len(kept.stored),
        "events_in_kafka": len(kept.logged),
        "repeats": kept.logged.total() - len(kept.logged),
        "lost": sum(map(len, lost)),
        "phantom": sum(map(len, phantom)),
    }


def moments(start: int, end: int, seed: int) -> list[int]:
    """Five minutes of the play, drawn by the seed."""
    return sorted(random.Random(seed).sample(range(start, end), MOMENTS))  # noqa: S311 - a sample, not a secret


def differing(one: Sequence[Stand], other: Mapping[Counter, Steps] | Sequence[Stand], counters: Iterable[Counter],
              minutes: Iterable[int]) -> list[Counter]:  # fmt: skip
    """The posts at which two accounts of who stood there differ at any of these minutes."""
    found: set[Counter] = set()
    for minute in minutes:
        here = heads(one, minute)
        there = heads(other, minute) if isinstance(other, Sequence) else {c: at(s, minute) for c, s in other.items()}
        found |= {counter for counter in counters if here.get(counter, 0) != there.get(counter, 0)}
    return sorted(found)


def presence(seen: Seen, told: Sequence[Stand], lived: Sequence[Stand], window: tuple[int, int], seed: int
             ) -> Mapping[str, object]:  # fmt: skip
    """The view beside what the taps say, and what the taps say beside the truth."""
    counters, minutes = seen.counters, moments(*window, seed)
    restated = {counter: seen.post(counter).restated for counter in counters}
    divergent = differing(told, restated, counters, minutes)
    return {
        "minutes_compared": [f"{minute // 60:02d}:{minute % 60:02d}" for minute in minutes],
        "posts": len(counters),
        "divergent_posts": len(divergent),
        "divergent": [str("/".join(counter)) for counter in divergent[:10]],
        "undisclosed_posts": len(differing(told, lived, counters, minutes)),
    }


def states(seen: Seen, window: tuple[int, int]) -> Mapping[str, int]:
    """How many posts were in each state at some minute of the play."""
    start, end = window
    found = Tally(
        state
        for counter in seen.counters
        for state in {run.state for run in runs(Day(seen.post(counter))) if run.start < end and run.end > start}
    )
    return {state.value: found[state] for state in State}


def modes(seen: Seen, minute: int) -> Mapping[str, int]:
    """People present by place of work at a minute."""
    found: Tally[str] = Tally()
    for row in seen.rows.values():
        found.update({mode: at(steps, minute) for mode, steps in row.modes.items()})
    return dict(sorted(found.items()))


def found(signs: Mapping[str, Sequence[Sign | Told]], seen: Seen, events: Sequence[Mapping[str, Any]],
          midnight: datetime) -> Mapping[str, bool]:  # fmt: skip
    """Which planted situations can be recognised. A situation that found no place was not planted, so is not found."""
    return {
        name: bool(wanted) and all(
            _shows(sign, seen) if isinstance(sign, Sign) else any(_tells(sign, event, midnight) for event in events)
            for sign in wanted
        )
        for name, wanted in sorted(signs.items())
    }  # fmt: skip


def _shows(sign: Sign, seen: Seen) -> bool:
    post = seen.post(sign.counter)
    count, required = at(getattr(post, sign.lane), sign.minute), at(post.required, sign.minute)
    verdicts = {"short": count < required, "met": 0 < required <= count, "some": count > 0}
    return verdicts.get(sign.what, seen.state(sign.counter, sign.minute) == sign.what)


def _tells(sign: Told, event: Mapping[str, Any], midnight: datetime) -> bool:
    if event["source"] != f"/piket/{sign.region}/{sign.service}" or event["type"].split(".")[3] != sign.event:
        return False
    told = dict(event["data"])
    if "occurred_at" in told:
        occurred, received = (datetime.fromisoformat(told[name]) for name in ("occurred_at", "received_at"))
        told |= {"second": (occurred - midnight).total_seconds(), "late": (received - occurred).total_seconds() > 300}
    return all(told.get(field) == value for field, value in sign.fields.items())


def speed(play: Play) -> Mapping[str, object]:
    """From a press to the row in the view that has seen it, in wall milliseconds."""
    samples = sorted(play.seen_ms)
    if len(samples) < 2:
        return {"p50": None, "p99": None, "samples": len(samples)}
    cut = statistics.quantiles(samples, n=100, method="inclusive")
    return {"p50": round(cut[49], 1), "p99": round(cut[98], 1), "samples": len(samples)}


def verdict(report: Mapping[str, Any]) -> list[str]:
    """What the report does not show as it must; nothing where all is well."""
    wrong = [f"{name} is {report[name]}, not 0" for name in ("lost", "phantom", "divergent_posts") if report[name]]
    unseen = [f"no post was {state}" for state, posts in report["states_seen"].items() if not posts]
    missing = [f"{name} was not found" for name, is_found in report["planted_found"].items() if not is_found]
    return wrong + unseen + missing
