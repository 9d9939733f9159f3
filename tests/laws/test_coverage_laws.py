"""Laws of coverage: the order, repetition and division of the facts of a day never change a result."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.reporting.domain.coverage.as_of import coverage_at, row
from services.reporting.domain.coverage.fact_set import FactSet
from services.reporting.domain.fact_store.compact import compact
from shared.domain.envelope import Event, decode, encode
from shared.domain.facts.attendance import PlaceClass
from shared.domain.facts.base import Fact
from shared.domain.facts.coverage import heads_at
from shared.domain.facts.policy import Holiday
from shared.domain.regions import midnight_minute
from tests.support import reference_coverage
from tests.support.example_facts import (
    ANI,
    BUDI,
    CITRA,
    EVERY_DAY,
    SITE,
    THURSDAY,
    Ledger,
    arrangement,
    at,
    placement,
    policy,
    post,
    refused_check_in,
    roster,
    shift,
    tap,
)

MIDNIGHT = at("00:00")
AMBON = SITE.model_copy(update={"site": "AMBON", "timezone": "Asia/Jayapura"})
EAST = arrangement(post(skills=("KASIR",)), post("PUSDALOPS", 1320, 1800, weekdays=EVERY_DAY), unit="TIMUR", site=AMBON)
PEOPLE = st.sampled_from([ANI, BUDI, CITRA])
NIGHTS = (post(), post("PUSDALOPS", 1320, 1800, minimum=2, weekdays=EVERY_DAY, on_holidays="OPEN"))


def minutes(low: int = -1500, high: int = 3000) -> st.SearchStrategy[datetime]:
    """Return a strategy of instants around the day, to the second."""
    return st.integers(low * 60, high * 60).map(lambda s: MIDNIGHT + timedelta(seconds=s))


shifts = st.builds(
    lambda employee, start, length, at_post, mode, rest: shift(
        employee, start, start + length, at_post=at_post, mode=mode, rest=(start + 60, start + 60 + rest)
    ),
    PEOPLE,
    st.integers(0, 1400),
    st.integers(61, 700),
    st.sampled_from(["LOKET-1", "PUSDALOPS", None]),
    st.sampled_from(["WFO", "WFO", "WFO", "WFH", "AWAY"]),
    st.integers(0, 90),
)
rosters = st.builds(
    lambda who, day, revision, unit, status: roster(
        *who, day=THURSDAY + timedelta(days=day), revision=revision, unit=unit
    ).model_copy(update={"status": status}),
    st.lists(shifts, max_size=4),
    st.integers(-1, 1),
    st.integers(1, 3),
    st.sampled_from(["FRONT", "FRONT", "TIMUR"]),
    st.sampled_from(["PUBLISHED", "PUBLISHED", "PUBLISHED", "WITHDRAWN"]),
)
taps = st.builds(
    lambda kind, who, when, mode, site, strength, late: tap(
        kind,
        who,
        when,
        mode=mode,
        post="LOKET-1" if kind == "take" else None,
        place=PlaceClass(class_="SITE", site=site),
        strength=strength,
        received_at=when + timedelta(hours=late),
        unit=None if late else "FRONT",
    ),
    st.sampled_from(["in", "in", "out", "take"]),
    PEOPLE,
    minutes(),
    st.sampled_from(["WFO", "WFO", "WFH"]),
    st.sampled_from(["DPMPTSP-1", "DPMPTSP-1", "AMBON", "GEDUNG-SATE"]),
    st.sampled_from(["CONFIRMED", "CLAIMED"]),
    st.sampled_from([0, 0, 5, 80]),
)
other_facts = st.one_of(
    st.builds(lambda: arrangement(*NIGHTS)),
    st.builds(lambda: arrangement(post(minimum=2))),
    st.builds(lambda: arrangement(post(minimum=3), valid_from=THURSDAY)),
    PEOPLE.map(lambda who: placement(who, "KASIR")),
    st.builds(lambda: EAST),
    st.builds(lambda: policy(Holiday(date=THURSDAY, kind="LIBUR", name="Libur", source="SKB"))),
    st.builds(policy),
    PEOPLE.map(placement),
    st.builds(refused_check_in, PEOPLE, minutes()),
)
facts: st.SearchStrategy[Fact] = st.one_of(taps, taps, rosters, other_facts)


@st.composite
def days(draw: st.DrawFn) -> list[Event]:
    """Draw the events of a day as their sources recorded them: an arrangement, a roster, then any facts at any time."""
    ledger = Ledger()
    ledger.record(arrangement(*NIGHTS), MIDNIGHT - timedelta(days=3))
    ledger.record(EAST, MIDNIGHT - timedelta(days=3))
    ledger.record(draw(rosters), MIDNIGHT - timedelta(days=2))
    recorded = st.tuples(facts, minutes())
    for fact, when in sorted(draw(st.lists(recorded, max_size=14)), key=lambda pair: pair[1]):
        ledger.record(fact, when)
    return ledger.events


def fact_set_of(events: Sequence[Event]) -> FactSet:
    facts = FactSet("32", "DPMPTSP")
    for event in events:
        facts.add(compact(event))
    return facts


def rows(facts: FactSet) -> list[object]:
    return [row(facts.facts_for(d), "32", "DPMPTSP", d, {}) for d in sorted(facts.dates())]


@given(days(), st.randoms(use_true_random=False), minutes(), minutes())
def test_any_order_repetition_and_partition_gives_the_same_coverage(
    events: list[Event], random: object, moment: datetime, known_by: datetime
) -> None:
    shuffled = [*events, *events[len(events) // 2 :]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    parts = [shuffled[0::2], shuffled[1::2]]
    assert coverage_at([*parts[1], *parts[0]], moment, known_by) == coverage_at(events, moment, known_by)


@given(days(), st.randoms(use_true_random=False))
def test_any_order_and_repetition_gives_the_same_rows(events: list[Event], random: object) -> None:
    shuffled = [*events, *events[len(events) // 2 :]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert rows(fact_set_of(shuffled)) == rows(fact_set_of(events))


@settings(deadline=None)
@given(days(), st.randoms(use_true_random=False))
def test_a_row_updated_fact_by_fact_equals_the_row_counted_from_all_facts(events: list[Event], random: object) -> None:
    shuffled = [*events, *events[len(events) // 2 :]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    fact_set = FactSet("32", "DPMPTSP")
    for event in shuffled:
        fact_set.add(compact(event))
        for day in fact_set.dates():
            expected = reference_coverage.row(fact_set.facts_for(day), "32", "DPMPTSP", day)
            assert fact_set.row(day, {}).model_dump_json() == expected.model_dump_json()


@given(days(), st.integers(0, 14))
def test_live_from_a_restored_set_equals_replay_from_the_first_event(events: list[Event], cut: int) -> None:
    live = fact_set_of(events[:cut])
    for event in events[max(0, cut - 3) :]:
        live.add(compact(decode(encode(event))))
    assert rows(live) == rows(fact_set_of(events))


@settings(max_examples=60)
@given(days(), st.integers(0, 1439))
def test_the_row_has_in_every_minute_the_state_that_the_function_returns(events: list[Event], minute: int) -> None:
    coverage_row = row(fact_set_of(events).facts_for(THURSDAY), "32", "DPMPTSP", THURSDAY, {})
    for unit, posts in coverage_row.units.items():
        moment = datetime.fromtimestamp((midnight_minute(THURSDAY, posts.timezone) + minute) * 60, UTC)
        then = coverage_at(events, moment, moment + timedelta(seconds=59, microseconds=999_999))
        now = coverage_at(events, moment, MIDNIGHT + timedelta(days=30))
        for code, steps in posts.posts.items():
            lanes = (steps.required, steps.planned, steps.known)
            assert tuple(heads_at(s, minute) for s in lanes) == tuple(then.get((unit, code), (0, 0, 0)))
            assert heads_at(steps.restated, minute) == (now[unit, code].on_site if (unit, code) in now else 0)


@given(days())
def test_every_event_is_read_as_it_was_written(events: list[Event]) -> None:
    assert [decode(encode(e)) for e in events] == events


@given(days())
def test_heads_are_never_negative_and_the_revision_counts_distinct_facts(events: list[Event]) -> None:
    facts = fact_set_of(events)
    coverage_row = row(facts.facts_for(THURSDAY), "32", "DPMPTSP", THURSDAY, {})
    heads = [n for u in coverage_row.units.values() for p in u.posts.values() for _, s in p for _, n in s]
    assert (min(heads, default=0) >= 0, coverage_row.revision) == (True, len({e.id for e in facts.facts_for(THURSDAY)}))
