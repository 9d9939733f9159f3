"""Adds situations to a scenario, and states by which rows or events they can be recognised afterwards. Pure.

A situation uses a post that opens during the play, so that it starts and is visible before the end.
"""

from collections.abc import Callable, Mapping

from deploy.simulation.behaviour import delay_taps_during, present_day, send_first_tap_late, take_over_post
from deploy.simulation.scenario_builder import (
    ExpectedEvent,
    ExpectedStatus,
    PlannedOutage,
    Scenario,
    ScenarioBuilder,
    is_same_unit,
)

OUTAGE_MINUTES = (10, 35)
"""Start and end of the outage in minutes after the start of the play, or after 07:00 if this is later."""
SEVEN_O_CLOCK = 7 * 60
GUARD_TAKEOVER_MINUTE = 6 * 60 + 40


def add_situations(builder: ScenarioBuilder) -> Scenario:
    """Add all situations for which a post or person is available; the others have no expectations."""
    for name, situation in SITUATIONS.items():
        builder.scenario.expectations[name] = situation(builder)
    return builder.scenario


Expectations = list[ExpectedStatus | ExpectedEvent]


def late_clerk(builder: ScenarioBuilder) -> Expectations:
    """The crew of a post arrives twelve minutes after its opening."""
    if (post := builder.take_post()) is None:
        return []
    opens = post.post.opens
    builder.set_attendance(post, opens + 12)
    return [ExpectedStatus(post.post_id, opens + 5, "KRITIS"), ExpectedStatus(post.post_id, opens + 20, "met")]


def no_show(builder: ScenarioBuilder) -> Expectations:
    """Nobody comes to a post. A reader of the demo may tap there."""
    if (post := builder.take_post()) is None:
        return []
    builder.set_all_absent(post)
    builder.scenario.reader_shift = post.shifts[0]
    minute = post.post.opens + 20
    return [ExpectedStatus(post.post_id, minute, "short", "restated"), ExpectedStatus(post.post_id, minute, "KRITIS")]


def lost_clerk(builder: ScenarioBuilder) -> Expectations:
    """The crew of a post leaves thirteen minutes after its opening."""
    if (post := builder.take_post()) is None:
        return []
    opens = post.post.opens
    builder.set_attendance(post, opens - 15, opens + 13)
    return [ExpectedStatus(post.post_id, opens + 10, "met"), ExpectedStatus(post.post_id, opens + 22, "KRITIS")]


def offline_then_synced(builder: ScenarioBuilder) -> Expectations:
    """A crew arrives on time, but the phones send the taps only a quarter of an hour after the opening."""
    if (post := builder.take_post()) is None:
        return []
    opens = post.post.opens
    builder.set_attendance(post, opens - 10)
    for duty in post.shifts:
        builder.scenario.days[duty] = send_first_tap_late(builder.scenario.days[duty], 26 * 60)
    return [
        ExpectedStatus(post.post_id, opens + 5, "short"),
        ExpectedStatus(post.post_id, opens + 5, "met", "restated"),
    ]


def take_over(builder: ScenarioBuilder) -> Expectations:
    """Nobody comes to a post; a colleague takes it over eight minutes after its opening."""
    if (post := builder.take_post(colleagues=True)) is None or (colleague := builder.spare_colleague(post)) is None:
        return []
    opens = post.post.opens
    builder.set_all_absent(post)
    day = present_day(colleague, (opens - 15) * 60, (colleague.end + 5) * 60)
    builder.scenario.days[colleague] = take_over_post(day, (opens + 8) * 60, post.post_id.unit, post.post_id.post)
    return [ExpectedStatus(post.post_id, opens + 4, "short"), ExpectedStatus(post.post_id, opens + 20, "some")]


def night_guard_takes_gate(builder: ScenarioBuilder) -> Expectations:
    """Nobody of the gate's crew comes; a night guard takes the gate until the end of the night shift."""
    for night in (d for d in builder.duties if d.start < 0 < d.end and d.post):
        gates = (post for post in builder.posts if is_same_unit(post.post_id, night.post_id))
        for gate in (gate for gate in gates if gate.post.opens < GUARD_TAKEOVER_MINUTE):
            post_id = gate.post_id
            if post_id not in builder.used_posts and gate.post.minimum == 1 and not gate.post.skill:
                builder.used_posts.add(post_id)
                builder.set_all_absent(gate)
                day = present_day(night, (night.start - 10) * 60, (night.end + 3) * 60)
                builder.scenario.days[night] = take_over_post(
                    day, GUARD_TAKEOVER_MINUTE * 60, post_id.unit, post_id.post
                )
                return [
                    ExpectedStatus(post_id, night.end - 5, "RAWAN"),
                    ExpectedStatus(post_id, night.end + 4, "KRITIS"),
                ]
    return []


def previous_night(builder: ScenarioBuilder) -> Expectations:
    """A night shift of the day before ends in the morning."""
    nights = (d for d in builder.duties if d.start < 0 < builder.start < d.end and d.post)
    for night in (night for night in nights if night.post_id not in builder.used_posts):
        builder.used_posts.add(night.post_id)
        builder.scenario.days[night] = present_day(night, (night.start - 10) * 60, (night.end + 3) * 60)
        return [ExpectedStatus(night.post_id, builder.start + 1, "some")]
    return []


def wrong_clock(builder: ScenarioBuilder) -> Expectations:
    """A phone's clock is 200 seconds ahead; the tap counts by this clock."""
    if (duty := builder.pick_person()) is None:
        return []
    arrival = (builder.start + 12) * 60
    # 200 s is within the five minutes that attendance accepts (`MAX_CLOCK_SKEW`).
    builder.scenario.days[duty] = present_day(duty, arrival, duty.end * 60, clock_error=200)
    return [
        ExpectedEvent(duty.region, "attendance", "checked-in", {"employee": duty.employee, "second": arrival + 200})
    ]


def refused_tap(builder: ScenarioBuilder) -> Expectations:
    """A phone's clock is two hours ahead: the tap is refused, and the refusal is recorded."""
    if (duty := builder.pick_person()) is None:
        return []
    builder.scenario.days[duty] = present_day(duty, (builder.start + 14) * 60, duty.end * 60, clock_error=2 * 3600)
    fields = {"employee": duty.employee, "reason": "IMPOSSIBLE_TIME"}
    return [ExpectedEvent(duty.region, "attendance", "check-in-refused", fields)]


def early_leaver(builder: ScenarioBuilder) -> Expectations:
    """A person leaves at least an hour before the end of the shift."""
    duty, departure = builder.pick_person(), builder.end - 9
    if duty is None or not duty.start < departure < duty.end - 60:
        return []
    builder.scenario.days[duty] = present_day(duty, (builder.start + 6) * 60, departure * 60)
    fields = {"employee": duty.employee, "second": departure * 60}
    return [ExpectedEvent(duty.region, "attendance", "checked-out", fields)]


def outage(builder: ScenarioBuilder) -> Expectations:
    """No phone of the last government reaches the server for 25 minutes; its taps are sent afterwards."""
    start = max(builder.start, SEVEN_O_CLOCK if builder.start < SEVEN_O_CLOCK - OUTAGE_MINUTES[0] else 0)
    first, last = start + OUTAGE_MINUTES[0], start + OUTAGE_MINUTES[1]
    region = builder.outage_region
    opds = tuple(sorted({duty.opd for duty in builder.duties if duty.region == region}))
    builder.scenario.outage = PlannedOutage(region, opds, first, last)
    used_units, delayed_tap = {post_id[:3] for post_id in builder.used_posts}, None
    for duty, day in builder.scenario.days.items():
        if duty.region == region and duty.post_id[:3] not in used_units and duty.employee not in builder.used_people:
            builder.scenario.days[duty] = delay_taps_during(day, first * 60, last * 60, builder.generator)
            # Not the last six minutes: `_event_matches` of the report calls a tap late only after more than 300 s.
            delayed = [t for t in day.taps[:1] if first * 60 <= t.pressed_at < (last - 6) * 60 and not t.offline]
            delayed_tap = delayed_tap or next(iter(delayed), None)
    if delayed_tap is None:
        return []
    employee, second = delayed_tap.shift.employee, delayed_tap.phone_clock
    tap_fields = {"employee": employee, "second": second, "offline": True, "late": True}
    outage_event = ExpectedEvent(region, "attendance", "outage-applied", {"channel": "APP"})
    return [outage_event, ExpectedEvent(region, "attendance", "checked-in", tap_fields)]


SITUATIONS: Mapping[str, Callable[[ScenarioBuilder], Expectations]] = {
    "held_by_the_night": night_guard_takes_gate,
    "previous_night": previous_night,
    "late_clerk": late_clerk,
    "no_show": no_show,
    "lost_clerk": lost_clerk,
    "offline_then_synced": offline_then_synced,
    "take_over": take_over,
    "wrong_clock": wrong_clock,
    "refused": refused_tap,
    "early_leaver": early_leaver,
    "outage": outage,
}
"""In the order in which they are added: situations with the fewest suitable posts first."""
