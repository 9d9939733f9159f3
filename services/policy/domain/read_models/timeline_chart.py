"""Draws the states of instruments as a timeline chart: a window of months, a bar for each state, a text of both."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Literal, NamedTuple

from services.policy.domain.explanation import clauses
from services.policy.domain.instruments.lifecycle import OPEN_END, InstrumentHistory, state_on
from services.policy.domain.resolution.binding import ONE_DAY
from shared.domain.messages import LocalDate, Message, Text, concatenate, join

MONTHS_BEFORE, MONTHS_AFTER = 4, 5
"""Number of months in the window before and after the month of the date."""

UNPUBLISHED = "UNKNOWN"
"""The state of an instrument before its publication: the public cannot know its state yet."""

ENDED_STATES = frozenset({"SUPERSEDED", "REVOKED", "EXPIRED"})
BAR_STYLES: Mapping[str, str] = {
    "DRAFT": "draft",
    "STUDY": "study",
    "ENACTED": "enacted",
    "IN_FORCE": "inforce",
    "SUSPENDED": "susp",
}
"""CSS class of a bar by state. An ended instrument has none: its time in force is drawn in grey (`past`)."""

STATE_LABELS: Mapping[str, Message] = {
    "DRAFT": Message("Rancangan"),
    "STUDY": Message("Kajian"),
    "ENACTED": Message("Ditetapkan, belum berlaku"),
    "IN_FORCE": Message("Berlaku"),
    "SUSPENDED": Message("Ditangguhkan"),
    "SUPERSEDED": Message("Digantikan"),
    "REVOKED": Message("Dicabut"),
    "EXPIRED": Message("Berakhir"),
    UNPUBLISHED: Message("Belum diumumkan"),
}

TextLength = Callable[[Text], int]
"""Returns the number of characters of a text in the language that needs more of them: one layout serves all."""

CHARS_PER_PERCENT = 0.9
"""Characters of text that fit in one percent of the chart at its minimum width of 40 rem."""


class StateSpan(NamedTuple):
    """A state of an instrument from `first` to the day before `until`."""

    first: date
    until: date
    state: str


@dataclass(frozen=True)
class TimelineBar:
    """One bar. `x`, `width` and `text_x` are in percent of the chart's width; the text is inside or beside the bar."""

    style: str
    x: float
    width: float
    text: Text | None
    text_x: float
    text_position: Literal["inside", "before", "after"]


@dataclass(frozen=True)
class TimelineRow:
    """One instrument in the chart."""

    instrument: str
    title: str
    state_label: Text
    short_label: Text | None
    screen_reader_text: Text
    bars: tuple[TimelineBar, ...]


@dataclass(frozen=True)
class TimelineWindow:
    """The months of the chart, from `first` to the day before `until`, around a date."""

    first: date
    until: date
    day: date

    @classmethod
    def around(cls, day: date) -> "TimelineWindow":
        """Return the window of whole months around a date."""
        return cls(_month(day, -MONTHS_BEFORE), _month(day, MONTHS_AFTER + 1), day)

    def percent_at(self, day: date) -> float:
        """Return the x position of a date in percent; a date outside the window is moved to its edge."""
        clamped = min(max(day, self.first), self.until)
        return round(100 * (clamped - self.first).days / (self.until - self.first).days, 2)

    def month_marks(self) -> Sequence[tuple[float, Text]]:
        """Return the x position of the first day of each month, with the short name of the month."""
        firsts = (_month(self.first, n) for n in range(MONTHS_BEFORE + MONTHS_AFTER + 1))
        return [(self.percent_at(m), LocalDate(m, "MMM")) for m in firsts]


def published_state(history: InstrumentHistory, day: date, superseded_from: date) -> str:
    """Return the state of an instrument on a date as far as it was published then."""
    return UNPUBLISHED if day < history.versions[0].instrument.published_on else state_on(history, day, superseded_from)


def state_spans(history: InstrumentHistory, superseded_from: date) -> Iterator[StateSpan]:
    """Yield the states of an instrument by date, from its publication on."""
    published = history.versions[0].instrument.published_on
    cuts = {
        published,
        history.first,
        history.until,
        superseded_from,
        *(d for gap in history.inactive_periods for d in gap[:2]),
    }
    states = [(day, state_on(history, day, superseded_from)) for day in sorted(cuts - {OPEN_END}) if day >= published]
    starts = [next(equal) for _, equal in groupby(states, key=itemgetter(1))]
    for (first, state), until in zip(starts, [*(day for day, _ in starts[1:]), OPEN_END], strict=True):
        yield StateSpan(first, until, state)


def timeline_row(
    history: InstrumentHistory, superseded_from: date, window: TimelineWindow, text_length: TextLength
) -> TimelineRow:
    """Return the row of one instrument."""
    instrument, spans = history.instrument, tuple(state_spans(history, superseded_from))
    state = published_state(history, window.day, superseded_from)
    has_ended = state in ENDED_STATES
    drawable = [s for s in spans if s.state in BAR_STYLES and not (has_ended and s.state == "ENACTED")]
    visible = [s for s in drawable if s.first < window.until and s.until > window.first]
    note = clauses.short_label(instrument.rules)
    final_state = spans[-1].state if has_ended else None
    # The text beside a bar may use the space up to its neighbours, or to the edge of the chart.
    left_edges = [0.0] + [window.percent_at(s.until) for s in visible[:-1]]
    right_edges = [window.percent_at(s.first) for s in visible[1:]] + [100.0]
    # Not strict: without a visible span there is one pair of edges and no bar.
    bars = tuple(
        _bar(span, final_state, window, edges, note, text_length)
        for span, *edges in zip(visible, left_edges, right_edges, strict=False)
    )
    state_label, text = STATE_LABELS[state], _screen_reader_text(spans)
    return TimelineRow(instrument.instrument, instrument.title, state_label, note, text, bars)


def _bar(
    span: StateSpan,
    final_state: str | None,
    window: TimelineWindow,
    edges: Sequence[float],
    note: Text | None,
    text_length: TextLength,
) -> TimelineBar:
    """Return the bar of a span. `final_state`: how the instrument ended; `edges`: the free space around the bar."""
    x, end = window.percent_at(span.first), window.percent_at(span.until)
    past_state = final_state if span.state == "IN_FORCE" else None
    style, label = "past" if past_state else BAR_STYLES[span.state], STATE_LABELS[past_state or span.state]
    long = concatenate(label, " · ", note) if note and not past_state else label
    inside = next((text for text in (long, label) if _fits(text_length(text), end - x)), None)
    width = round(max(end - x, 0.3), 2)
    if inside:
        return TimelineBar(style, x, width, inside, round(x + 0.7, 2), "inside")
    if span.state != "ENACTED" and _fits(text_length(label), x - edges[0]):
        return TimelineBar(style, x, width, label, round(x - 0.7, 2), "before")
    after = label if span.state != "ENACTED" and _fits(text_length(label), edges[1] - end) else None
    return TimelineBar(style, x, width, after, round(end + 0.7, 2), "after")


def _fits(length: int, width: float) -> bool:
    return length <= (width - 1) * CHARS_PER_PERCENT


def _screen_reader_text(spans: Sequence[StateSpan]) -> Text:
    """Return the states with their dates, for readers who cannot see the chart."""
    return join((_span_text(span) for span in spans), "; ")


def _span_text(span: StateSpan) -> Text:
    label, first = STATE_LABELS[span.state], LocalDate(span.first)
    if span.state in ENDED_STATES or span.until == OPEN_END:
        return Message("{label} sejak {first}", label=label, first=first)
    last = LocalDate(span.until - ONE_DAY)
    if span.until - span.first == ONE_DAY:
        return Message("{label} {first}", label=label, first=first)
    return Message("{label} {first} sampai {last}", label=label, first=first, last=last)


def _month(day: date, by: int) -> date:
    """Return the first day of the month that is `by` months after the month of a date."""
    # Months since year 0: the sum may lie in another year.
    year, month = divmod(day.year * 12 + day.month - 1 + by, 12)
    return date(year, month + 1, 1)
