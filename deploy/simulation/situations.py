"""Situations that a morning is made to hold, and by which minutes of the view each can be recognised afterwards. Pure.

Each is planted at a counter that opens inside the time that is played, so that it begins and shows before its end.
"""

from collections.abc import Callable, Mapping

from deploy.simulation.behaviour import cut_off, handed_in_late, present, taking
from deploy.simulation.scenario_builder import Outage, Plot, Sign, Stage, Told, same_unit

OUTAGE_AT = (10, 35)
"""Minutes of an outage after the later of the begin of the play and 07:00."""
SEVEN = 7 * 60
GUARD_AT = 6 * 60 + 40


def plant(stage: Stage) -> Plot:
    """Plant everything that there is room for; what found none has no sign, and so is never found."""
    for name, situation in SITUATIONS.items():
        stage.plot.signs[name] = situation(stage)
    return stage.plot


Signs = list[Sign | Told]


def late_clerk(stage: Stage) -> Signs:
    """The crew of a counter comes twelve minutes after its opening."""
    if (at := stage.take()) is None:
        return []
    opens = at.post.opens
    stage.live(at, opens + 12)
    return [Sign(at.counter, opens + 5, "KRITIS"), Sign(at.counter, opens + 20, "met")]


def no_show(stage: Stage) -> Signs:
    """Nobody comes to a counter. A reader of the demo may."""
    if (at := stage.take()) is None:
        return []
    stage.nobody(at)
    stage.plot.reader = at.shifts[0]
    return [Sign(at.counter, at.post.opens + 20, "short", "restated"), Sign(at.counter, at.post.opens + 20, "KRITIS")]


def lost_clerk(stage: Stage) -> Signs:
    """A counter loses its crew a quarter of an hour after it opened."""
    if (at := stage.take()) is None:
        return []
    opens = at.post.opens
    stage.live(at, opens - 15, opens + 13)
    return [Sign(at.counter, opens + 10, "met"), Sign(at.counter, opens + 22, "KRITIS")]


def offline_then_synced(stage: Stage) -> Signs:
    """A crew comes in time with phones that find a signal a quarter of an hour after the opening."""
    if (at := stage.take()) is None:
        return []
    opens = at.post.opens
    stage.live(at, opens - 10)
    for duty in at.shifts:
        stage.plot.lives[duty] = handed_in_late(stage.plot.lives[duty], 26 * 60)
    return [Sign(at.counter, opens + 5, "short"), Sign(at.counter, opens + 5, "met", "restated")]


def take_over(stage: Stage) -> Signs:
    """Nobody comes to a counter; a colleague takes it over eight minutes later."""
    if (at := stage.take(colleagues=True)) is None or (colleague := stage.spare(at)) is None:
        return []
    opens = at.post.opens
    stage.nobody(at)
    life = present(colleague, (opens - 15) * 60, (colleague.end + 5) * 60)
    stage.plot.lives[colleague] = taking(life, (opens + 8) * 60, at.counter.unit, at.counter.post)
    return [Sign(at.counter, opens + 4, "short"), Sign(at.counter, opens + 20, "some")]


def held_by_the_night(stage: Stage) -> Signs:
    """Nobody of the gate's crew comes; a guard of the night holds it to the end of that duty, known to be near."""
    for night in (d for d in stage.duties if d.start < 0 < d.end and d.post):
        gates = (o for o in stage.open if same_unit(o.counter, night.counter) and o.post.opens < GUARD_AT)
        for gate in gates:
            if gate.counter not in stage.used and gate.post.minimum == 1 and not gate.post.skill:
                stage.used.add(gate.counter)
                stage.nobody(gate)
                life = present(night, (night.start - 10) * 60, (night.end + 3) * 60)
                stage.plot.lives[night] = taking(life, GUARD_AT * 60, gate.counter.unit, gate.counter.post)
                return [Sign(gate.counter, night.end - 5, "RAWAN"), Sign(gate.counter, night.end + 4, "KRITIS")]
    return []


def previous_night(stage: Stage) -> Signs:
    """The night before was on duty until the morning."""
    nights = (d for d in stage.duties if d.start < 0 < stage.start < d.end and d.post and d.counter not in stage.used)
    for night in nights:
        stage.used.add(night.counter)
        stage.plot.lives[night] = present(night, (night.start - 10) * 60, (night.end + 3) * 60)
        return [Sign(night.counter, stage.start + 1, "some")]
    return []


def wrong_clock(stage: Stage) -> Signs:
    """A phone is three minutes and twenty seconds ahead; the tap counts by its clock."""
    if (duty := stage.somebody()) is None:
        return []
    came = (stage.start + 12) * 60
    stage.plot.lives[duty] = present(duty, came, duty.end * 60, error=200)
    return [Told(duty.region, "attendance", "checked-in", {"employee": duty.employee, "second": came + 200})]


def refused(stage: Stage) -> Signs:
    """A phone is two hours ahead: its tap is refused, and the refusal is a fact."""
    if (duty := stage.somebody()) is None:
        return []
    stage.plot.lives[duty] = present(duty, (stage.start + 14) * 60, duty.end * 60, error=2 * 3600)
    return [
        Told(duty.region, "attendance", "check-in-refused", {"employee": duty.employee, "reason": "IMPOSSIBLE_TIME"})
    ]


def early_leaver(stage: Stage) -> Signs:
    """Somebody leaves an hour or more before the end of the duty."""
    duty, goes = stage.somebody(), stage.end - 9
    if duty is None or not duty.start < goes < duty.end - 60:
        return []
    stage.plot.lives[duty] = present(duty, (stage.start + 6) * 60, goes * 60)
    return [Told(duty.region, "attendance", "checked-out", {"employee": duty.employee, "second": goes * 60})]


def outage(stage: Stage) -> Signs:
    """No phone of the last government reaches the server for twenty-five minutes; what was pressed comes afterwards."""
    begin = max(stage.start, SEVEN if stage.start < SEVEN - OUTAGE_AT[0] else 0)
    first, last = begin + OUTAGE_AT[0], begin + OUTAGE_AT[1]
    region = stage.cut_off
    opds = tuple(sorted({duty.opd for duty in stage.duties if duty.region == region}))
    stage.plot.outage = Outage(region, opds, first, last)
    planted, heard_late = {counter[:3] for counter in stage.used}, None
    for duty, life in stage.plot.lives.items():
        if duty.region == region and duty.counter[:3] not in planted and duty.employee not in stage.busy:
            stage.plot.lives[duty] = cut_off(life, first * 60, last * 60, stage.chance)
            silent = [p for p in life.presses[:1] if first * 60 <= p.made < (last - 6) * 60 and not p.offline]
            heard_late = heard_late or next(iter(silent), None)
    if heard_late is None:
        return []
    press = {"employee": heard_late.shift.employee, "second": heard_late.clock, "offline": True, "late": True}
    applied = Told(region, "attendance", "outage-applied", {"channel": "APP"})
    return [applied, Told(region, "attendance", "checked-in", press)]


SITUATIONS: Mapping[str, Callable[[Stage], Signs]] = {
    "held_by_the_night": held_by_the_night,
    "previous_night": previous_night,
    "late_clerk": late_clerk,
    "no_show": no_show,
    "lost_clerk": lost_clerk,
    "offline_then_synced": offline_then_synced,
    "take_over": take_over,
    "wrong_clock": wrong_clock,
    "refused": refused,
    "early_leaver": early_leaver,
    "outage": outage,
}
"""In the order of planting: the rarest places first."""
