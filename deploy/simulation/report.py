"""Builds the report of a simulated morning: compares acknowledged events, stores, log, view and ground truth."""

import random
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from deploy.http_client import HttpClient
from deploy.simulation.ground_truth import PostPresence, head_counts
from deploy.simulation.player import DayPlayer
from deploy.simulation.scenario_builder import ExpectedEvent, ExpectedStatus
from deploy.simulation.shifts import PostId
from services.reporting.domain.status.status_timeline import CoverageState, PostDays, known_states
from shared.domain.facts.coverage import Coverage, PostCoverage, Steps, heads_at
from shared.domain.facts.instruments import InstrumentReached
from shared.domain.facts.policy import PolicyChanged

SAMPLE_SIZE = 5
PAGE_SIZE = 1_000
SERVICES = ("policy", "roster", "attendance")
NO_POST = PostCoverage()


class EventRecords(NamedTuple):
    """Ids of the stored events, their (source, sequence), and how often a (source, sequence) occurs in Kafka."""

    ids: frozenset[str]
    stored: frozenset[tuple[str, int]]
    logged: Counter[tuple[str, int]]


@dataclass(frozen=True)
class ViewRows:
    """The rows of the view after the last taps were sent, by (region, OPD)."""

    rows: Mapping[tuple[str, str], Coverage]

    def post(self, post_id: PostId) -> PostCoverage:
        """Return the coverage of a post, empty if the view does not have it."""
        row = self.rows.get(post_id[:2])
        unit = row.units.get(post_id.unit) if row else None
        return unit.posts.get(post_id.post, NO_POST) if unit else NO_POST

    def state(self, post_id: PostId, minute: int) -> CoverageState:
        """Return the state of a post at a minute, as the board showed it then."""
        return next(run.state for run in known_states(PostDays(self.post(post_id))) if run.end > minute)

    @property
    def post_ids(self) -> list[PostId]:
        """Return all posts in the view."""
        return [PostId(*opd_key, unit, post) for opd_key, row in sorted(self.rows.items())
                for unit, posts in row.units.items() for post in posts.posts]  # fmt: skip


DUE_KINDS = frozenset({"IN_FORCE", "AMENDED", "SUSPENDED", "SUPERSEDED", "REVOKED", "EXPIRED"})


def _is_due_event(event: Mapping[str, Any]) -> bool:
    """Return whether policy recorded the event because a date had come, without a command."""
    event_type = event.get("type")
    if event_type == PolicyChanged.TYPE:
        return event["data"]["change"]["kind"] in DUE_KINDS
    return bool(event_type == InstrumentReached.TYPE)


def event_figures(
    client: HttpClient, events: Sequence[Mapping[str, Any]], logged: Counter[tuple[str, int]]
) -> Mapping[str, object]:
    """Return the numbers of acknowledged, stored and sent events; `lost` and `phantom` must be 0."""
    records = EventRecords(
        frozenset(e["id"] for e in events),
        frozenset((e["source"], int(e["sequence"])) for e in events),
        logged,
    )
    lost = (client.acknowledged - records.ids, records.stored - records.logged.keys())
    due = {e["id"] for e in events if _is_due_event(e)}
    phantom = (records.ids - client.acknowledged - due, records.logged.keys() - records.stored)
    return {
        "commands": dict(sorted(client.outcomes.items())),
        "events_stored": len(records.stored),
        "events_in_kafka": len(records.logged),
        "repeats": records.logged.total() - len(records.logged),
        "lost": sum(map(len, lost)),
        "phantom": sum(map(len, phantom)),
    }


def sample_minutes(start: int, end: int, seed: int) -> list[int]:
    """Return random minutes of the play, drawn with the seed."""
    return sorted(random.Random(seed).sample(range(start, end), SAMPLE_SIZE))  # noqa: S311 - a sample, not a secret


def differing_posts(
    expected: Sequence[PostPresence],
    actual: Mapping[PostId, Steps] | Sequence[PostPresence],
    post_ids: Iterable[PostId],
    minutes: Iterable[int],
) -> list[PostId]:
    """Return the posts whose expected and actual number of people differ at one of these minutes."""
    differing: set[PostId] = set()
    for minute in minutes:
        expected_counts = head_counts(expected, minute)
        actual_counts: Mapping[PostId, int]
        if isinstance(actual, Sequence):
            actual_counts = head_counts(actual, minute)
        else:
            actual_counts = {post_id: heads_at(steps, minute) for post_id, steps in actual.items()}
        differing |= {id_ for id_ in post_ids if expected_counts.get(id_, 0) != actual_counts.get(id_, 0)}
    return sorted(differing)


def presence_figures(
    view: ViewRows, reported: Sequence[PostPresence], actual: Sequence[PostPresence], window: tuple[int, int], seed: int
) -> Mapping[str, object]:
    """Compare the view with the reported presence, and the reported with the actual presence."""
    post_ids, minutes = view.post_ids, sample_minutes(*window, seed)
    restated = {post_id: view.post(post_id).restated for post_id in post_ids}
    divergent = differing_posts(reported, restated, post_ids, minutes)
    return {
        "minutes_compared": [f"{minute // 60:02d}:{minute % 60:02d}" for minute in minutes],
        "posts": len(post_ids),
        "divergent_posts": len(divergent),
        "divergent": [str("/".join(post_id)) for post_id in divergent[:10]],
        "undisclosed_posts": len(differing_posts(reported, actual, post_ids, minutes)),
    }


def state_counts(view: ViewRows, window: tuple[int, int]) -> Mapping[str, int]:
    """Return how many posts had a state at some minute of the play, by state."""
    start, end = window
    counts = Counter(state for post_id in view.post_ids for state in _states_between(view.post(post_id), start, end))
    return {state.value: counts[state] for state in CoverageState}


def _states_between(post: PostCoverage, start: int, end: int) -> set[CoverageState]:
    return {run.state for run in known_states(PostDays(post)) if run.start < end and run.end > start}


def mode_counts(view: ViewRows, minute: int) -> Mapping[str, int]:
    """Return how many people are present at a minute, by work mode."""
    counts: Counter[str] = Counter()
    for row in view.rows.values():
        counts.update({mode: heads_at(steps, minute) for mode, steps in row.modes.items()})
    return dict(sorted(counts.items()))


def recognised_situations(
    expectations: Mapping[str, Sequence[ExpectedStatus | ExpectedEvent]],
    view: ViewRows,
    events: Sequence[Mapping[str, Any]],
    midnight: datetime,
) -> Mapping[str, bool]:
    """Return for each situation whether it is recognised. A situation without expectations was not added: False."""

    def is_met(expectation: ExpectedStatus | ExpectedEvent) -> bool:
        if isinstance(expectation, ExpectedStatus):
            return _view_matches(expectation, view)
        return any(_event_matches(expectation, event, midnight) for event in events)

    return {name: bool(expected) and all(map(is_met, expected)) for name, expected in sorted(expectations.items())}


def _view_matches(expected: ExpectedStatus, view: ViewRows) -> bool:
    post = view.post(expected.post_id)
    count, required = heads_at(getattr(post, expected.lane), expected.minute), heads_at(post.required, expected.minute)
    results = {"short": count < required, "met": 0 < required <= count, "some": count > 0}
    return results.get(expected.status, view.state(expected.post_id, expected.minute) == expected.status)


def _event_matches(expected: ExpectedEvent, event: Mapping[str, Any], midnight: datetime) -> bool:
    is_from_source = event["source"] == f"/piket/{expected.region}/{expected.service}"
    if not is_from_source or event["type"].split(".")[3] != expected.event:
        return False
    fields = dict(event["data"])
    if "occurred_at" in fields:
        occurred, received = (datetime.fromisoformat(fields[name]) for name in ("occurred_at", "received_at"))
        fields |= {"second": (occurred - midnight).total_seconds(), "late": (received - occurred).total_seconds() > 300}
    return all(fields.get(field) == value for field, value in expected.fields.items())


def latency_figures(player: DayPlayer) -> Mapping[str, object]:
    """Return the percentiles of the time from a tap to its row in the view, in milliseconds of wall time."""
    samples = sorted(player.latencies_ms)
    if len(samples) < 2:
        return {"p50": None, "p99": None, "samples": len(samples)}
    cut = statistics.quantiles(samples, n=100, method="inclusive")
    return {"p50": round(cut[49], 1), "p99": round(cut[98], 1), "samples": len(samples)}


def failures(report: Mapping[str, Any]) -> list[str]:
    """Return one sentence per failed check of the report."""
    non_zero = [f"{name} is {report[name]}, not 0" for name in ("lost", "phantom", "divergent_posts") if report[name]]
    missing_states = [f"no post was {state}" for state, posts in report["states_seen"].items() if not posts]
    missing_situations = [
        f"{name} was not recognised" for name, is_recognised in report["planted_found"].items() if not is_recognised
    ]
    return non_zero + missing_states + missing_situations
