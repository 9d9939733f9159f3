"""Simulates how people behave on a day: when they come and go, and which taps their phones send. Pure and seeded.

Seconds count from the midnight of the simulated day. A phone's clock may be wrong, and a tap may be sent long after it
was made.
"""

import random
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from deploy.simulation.shifts import SimulatedShift

CHECK_IN, CHECK_OUT, TAKE_OVER = "check-ins", "check-outs", "post-takings"
ON_SITE, AT_HOME = "WFO", "WFH"

NO_SHOW_SHARE, LATE_SHARE, OFFLINE_SHARE, WRONG_CLOCK_SHARE = 0.006, 0.035, 0.02, 0.01
FORGETS_CHECK_IN_SHARE, FORGETS_CHECK_OUT_SHARE = 0.008, 0.05
"""Shares of people. People who forget to tap are present, but unknown: reported presence is always incomplete."""

LEAD_MINUTES = {ON_SITE: (20, 11), AT_HOME: (8, 7)}
"""Arrival in minutes before the start of the shift, by mode: mean and standard deviation."""
MIN_LEAD, MAX_LEAD = 1, 55


class SimulatedTap(NamedTuple):
    """One tap: when it was made, what the phone's clock showed, and when it is sent, in seconds of the day."""

    shift: SimulatedShift
    kind: str
    pressed_at: int
    phone_clock: int
    sent_at: int
    unit: str
    post: str = ""

    @property
    def offline(self) -> bool:
        """Return whether the phone sends the tap later than it was made."""
        return self.sent_at > self.pressed_at

    @property
    def on_site(self) -> bool:
        """Return whether the tap was made at the work site."""
        return self.shift.mode == ON_SITE


class PersonDay(NamedTuple):
    """Actual behaviour of a person in a shift: arrival, departure, taps, and takeover (second, post) of a post."""

    shift: SimulatedShift
    arrival: int
    departure: int
    taps: tuple[SimulatedTap, ...] = ()
    takeover: tuple[int, str] | None = None


def draw_days(duties: Iterable[SimulatedShift], seed: int) -> Iterator[PersonDay]:
    """Yield the day of each person on duty.

    Each shift has its own random generator, so the result for a person does not depend on the other people.
    """
    for duty in duties:
        if duty.is_working:
            yield _draw_day(duty, random.Random(f"{seed}/{duty.employee}/{duty.start}"))  # noqa: S311 - synthetic


def _draw_day(duty: SimulatedShift, generator: random.Random) -> PersonDay:
    if generator.random() < NO_SHOW_SHARE:
        return absent_day(duty)
    mean, deviation = LEAD_MINUTES.get(duty.mode, LEAD_MINUTES[ON_SITE])
    lead = min(max(generator.gauss(mean, deviation), MIN_LEAD), MAX_LEAD)
    late = generator.random() < LATE_SHARE
    arrival = duty.start * 60 + int(generator.uniform(2, 25) * 60 if late else -lead * 60)
    departure = duty.end * 60 + int(abs(generator.gauss(6, 5)) * 60)
    person_day = present_day(duty, arrival, departure, clock_error=_clock_error(generator))
    if generator.random() < FORGETS_CHECK_IN_SHARE:
        return person_day._replace(taps=())
    if generator.random() < FORGETS_CHECK_OUT_SHARE:
        person_day = person_day._replace(taps=person_day.taps[:1])
    if generator.random() < OFFLINE_SHARE:
        return send_first_tap_late(person_day, int(generator.uniform(15, 60) * 60))
    return person_day


def _clock_error(generator: random.Random) -> int:
    if generator.random() < WRONG_CLOCK_SHARE:
        # Wrong, but within the five minutes that attendance accepts (`MAX_CLOCK_SKEW`).
        return generator.choice((-1, 1)) * generator.randint(120, 240)
    return int(generator.gauss(0, 4))


def absent_day(duty: SimulatedShift) -> PersonDay:
    """Return the day of a person who did not come."""
    return PersonDay(duty, 0, 0)


def present_day(duty: SimulatedShift, arrival: int, departure: int, *, clock_error: int = 0) -> PersonDay:
    """Return the day of a person who tapped at arrival and departure; the phone's clock is `clock_error` s ahead."""
    taps = (
        SimulatedTap(duty, CHECK_IN, arrival, arrival + clock_error, arrival, duty.unit),
        SimulatedTap(duty, CHECK_OUT, departure, departure + clock_error, departure, duty.unit),
    )
    return PersonDay(duty, arrival, departure, taps)


def send_first_tap_late(person_day: PersonDay, seconds: int) -> PersonDay:
    """Return the same day with a phone that had no signal at the first tap."""
    first, *rest = person_day.taps
    return person_day._replace(taps=(first._replace(sent_at=first.pressed_at + seconds), *rest))


def take_over_post(person_day: PersonDay, second: int, unit: str, post: str) -> PersonDay:
    """Return the same day, in which the person takes over a colleague's post at a second."""
    tap = SimulatedTap(person_day.shift, TAKE_OVER, second, second, second, unit, post)
    taps = tuple(sorted((*person_day.taps, tap), key=lambda item: item.pressed_at))
    return person_day._replace(taps=taps, takeover=(second, post))


def delay_taps_during(person_day: PersonDay, start: int, end: int, generator: random.Random) -> PersonDay:
    """Return the same day with an outage between two seconds: taps made in it are sent soon after its end."""
    taps = tuple(
        tap._replace(sent_at=end + generator.randint(5, 240))
        if start <= tap.pressed_at < end and tap.sent_at < end
        else tap
        for tap in person_day.taps
    )
    return person_day._replace(taps=taps)
