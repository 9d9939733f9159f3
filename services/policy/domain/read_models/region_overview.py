"""Builds the overview of a region on a date: its instruments, and which groups of staff are bound by what."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from services.policy.domain.explanation import clauses, phrases
from services.policy.domain.explanation.answer import Answer, answer
from services.policy.domain.instruments.effective_policy import ANY_OPD, EffectivePolicy
from services.policy.domain.instruments.in_force import supersession_dates
from services.policy.domain.instruments.lifecycle import OPEN_END, InstrumentHistory
from services.policy.domain.read_models.conflict_report import ConflictSummary, conflicts_from, opds_with_rules
from services.policy.domain.read_models.timeline_chart import (
    ENDED_STATES,
    STATE_LABELS,
    UNPUBLISHED,
    TextLength,
    TimelineRow,
    TimelineWindow,
    published_state,
    timeline_row,
)
from services.policy.domain.reference_data.unit_types import default_unit_type
from services.policy.domain.resolution.binding import LAYERS
from services.policy.domain.snapshot import PolicyQuery, PolicySnapshot
from shared.domain.facts.instruments import Instrument
from shared.domain.facts.policy import Holiday
from shared.domain.facts.rules import Rules
from shared.domain.messages import INDONESIAN, Capitalized, Message, Text, join, render
from shared.domain.work_location import SERVICE_CLASSES, StaffProfile

LAYER_LABELS: Mapping[str, Message] = {
    "NATIONAL": Message("Nasional"),
    "PROVINCE": Message("Provinsi"),
    "REGION": Message("Kabupaten/kota"),
    "OPD": Message("OPD"),
}
LOCATION_LABELS: Mapping[str, Message] = {
    "WFH": Message("di rumah"),
    "WFO": Message("di kantor"),
    "HOLIDAY": Message("libur", context="LOCATION"),
    "UNIT_HEAD": Message("kepala unit memutuskan"),
    "APPLICATION": Message("di kantor; lain tempat atas permohonan"),
    "WFA": Message("dari mana saja"),
}
MAX_HOLIDAYS = 8


class BoundGroup(NamedTuple):
    """A group of staff with the same answer: where it works, the deciding instrument, the reason, the full answer."""

    subject: Text
    location: Text
    winner: str | None
    reason: Text
    answer: Answer


class InstrumentRow(NamedTuple):
    """An instrument in the list of the page; `binds_from` is None while it has no date."""

    instrument: Instrument
    layer: Text
    state: str
    state_label: Text
    binds_from: date | None
    clauses: tuple[Text, ...]


@dataclass(frozen=True)
class RegionOverview:
    """The overview of a region on a date; `in_force` is the number of instruments in force."""

    day: date
    window: TimelineWindow
    in_force: int
    layers: Sequence[tuple[Text, Sequence[TimelineRow]]]
    instruments: Sequence[InstrumentRow]
    bound_groups: Sequence[BoundGroup]
    conflicts: Sequence[ConflictSummary]
    holiday: Holiday | None
    holidays: Sequence[Holiday]

    @property
    def current_conflicts(self) -> Sequence[ConflictSummary]:
        """Return the conflicts that hold on the date itself."""
        return [conflict for conflict in self.conflicts if conflict.is_current]


def region_overview(snapshot: PolicySnapshot, day: date, text_length: TextLength) -> RegionOverview:
    """Return the overview of a region on a date; the layout of its timeline depends on the lengths of texts."""
    ends, window = supersession_dates(snapshot.instruments), TimelineWindow.around(day)
    rows = [
        _instrument_row(history, published_state(history, day, ends.get(name, OPEN_END)))
        for name, history in snapshot.instruments.items()
    ]
    layers = [(LAYER_LABELS[layer], _timeline_rows(snapshot, layer, ends, window, text_length)) for layer in LAYERS]
    return RegionOverview(
        day=day,
        window=window,
        in_force=sum(row.state == "IN_FORCE" for row in rows),
        layers=[(label, timeline_rows) for label, timeline_rows in layers if timeline_rows],
        instruments=sorted(rows, key=_list_order),
        bound_groups=list(_bound_groups(snapshot, day)),
        conflicts=conflicts_from(snapshot, day),
        holiday=next((h for h in snapshot.holidays if h.date == day), None),
        holidays=sorted((h for h in snapshot.holidays if h.date >= day), key=lambda h: h.date)[:MAX_HOLIDAYS],
    )


def _timeline_rows(
    snapshot: PolicySnapshot, layer: str, ends: Mapping[str, date], window: TimelineWindow, text_length: TextLength
) -> list[TimelineRow]:
    histories = [(name, h) for name, h in snapshot.instruments.items() if h.instrument.layer == layer]
    return [
        timeline_row(history, ends.get(name, OPEN_END), window, text_length)
        for name, history in sorted(histories, key=lambda named: named[1].instrument.published_on)
    ]


def _instrument_row(history: InstrumentHistory, state: str) -> InstrumentRow:
    instrument = history.instrument
    return InstrumentRow(
        instrument,
        LAYER_LABELS.get(instrument.layer, instrument.layer),
        state,
        STATE_LABELS[state],
        None if history.first == OPEN_END else history.first,
        tuple(clauses.instrument_clauses(instrument.rules)),
    )


def _list_order(row: InstrumentRow) -> tuple[int, int]:
    """Return the sort key of the list: instruments in force first, ended ones last; of equals the newest first."""
    order = ("IN_FORCE", "SUSPENDED", "ENACTED", "STUDY", "DRAFT", UNPUBLISHED)
    rank = len(order) if row.state in ENDED_STATES else order.index(row.state)
    return rank, -row.instrument.published_on.toordinal()


def _bound_groups(snapshot: PolicySnapshot, day: date) -> Iterator[BoundGroup]:
    """Yield the service classes, then the unit types and positions that the rules name, then the OPD with own rules."""
    effective = snapshot.effective()
    for class_ in SERVICE_CLASSES:
        query, name = PolicyQuery(ANY_OPD, day, StaffProfile(class_)), Capitalized(phrases.label(class_))
        yield _bound_group(snapshot, effective, query, name)
    profiles = _named_profiles(rules_of_unnamed_opd(effective, day))
    yield from _merge_equal_answers(
        _bound_group(snapshot, effective, PolicyQuery(ANY_OPD, day, profile), name) for profile, name in profiles
    )
    for opd in opds_with_rules(snapshot)[1:]:  # without ANY_OPD, which is shown by class
        yield _bound_group(snapshot, effective, PolicyQuery(opd, day), opd)


def rules_of_unnamed_opd(effective: EffectivePolicy, day: date) -> Rules:
    """Return the rules that bind an OPD on a date if no instrument names it."""
    return next((p.rules for p, _ in effective.periods_of(ANY_OPD) if p.includes(day)), Rules())


def _named_profiles(rules: Rules) -> Iterator[tuple[StaffProfile, Text]]:
    """Yield a typical profile, with its label, of each unit type and position that the rules name."""
    heads = [unit for discretion in rules.unit_head_decides for unit in discretion.units if unit != "*"]
    for unit_type in dict.fromkeys([*rules.excluded_units, *heads]):
        class_, wider_types = default_unit_type(unit_type)
        profile = StaffProfile(class_, frozenset({unit_type, *wider_types}))
        yield profile, phrases.scope_label(unit_type)
    for position in rules.forced_on_site_positions:
        yield StaffProfile(position=position), phrases.scope_label(position)


def _bound_group(snapshot: PolicySnapshot, effective: EffectivePolicy, query: PolicyQuery, name: Text) -> BoundGroup:
    result = answer(snapshot, query, effective.periods_of(query.opd))
    step = next((step for step in result.chain if step.binds), None)
    winner = snapshot.title(step.instrument) if step and step.instrument else None
    return BoundGroup(name, location_label(result), winner, result.reason, result)


def location_label(result: Answer) -> Text:
    """Return a short label of where the staff of an answer work."""
    if result.answer == "MAX_SHARE":
        share = phrases.percent(result.max_share or 0)
        return Capitalized(Message("paling banyak {share} di rumah", share=share))
    return Capitalized(LOCATION_LABELS[result.answer])


def _merge_equal_answers(groups: Iterator[BoundGroup]) -> Iterator[BoundGroup]:
    """Merge the groups with the same location, deciding instrument and reason into one."""
    equal: dict[tuple[str, str | None, str], list[BoundGroup]] = {}
    for group in groups:
        location, reason = render(group.location, INDONESIAN), render(group.reason, INDONESIAN)
        equal.setdefault((location, group.winner, reason), []).append(group)
    for merged in equal.values():
        yield merged[0]._replace(subject=Capitalized(join(group.subject for group in merged)))
