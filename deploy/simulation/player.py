"""A morning is played: every press is sent when its hour has come, or when its phone finds a signal again."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from time import monotonic
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from deploy.http_client import Caller
from deploy.simulation.behaviour import Press
from deploy.simulation.scenario_builder import Outage

PLACES = {"WFO": "SITE", "WFH": "HOME", "WFA": "PUBLIC"}
BUCKET_S = 300
"""What was pressed before the play begins is sent at its start, in portions of so many seconds of that day."""
DECLARED_AFTER_MIN, GRACE_MIN = 3, 120
MEASURED_EVERY_S = 0.4
AGAIN_S = 0.02
SetClock = Callable[[datetime, float], None]


@dataclass
class Play:
    """The presses of a day that begins at `midnight`, and what became of them. `seen_ms` are samples of wall time."""

    caller: Caller
    midnight: datetime
    now: Callable[[], datetime]
    accepted: list[Press] = field(default_factory=list)
    refused: list[Press] = field(default_factory=list)
    seen_ms: list[float] = field(default_factory=list)
    positions: dict[tuple[str, str], int] = field(default_factory=dict)
    _measured: float = 0.0

    def at(self, second: float) -> datetime:
        """A second of the day as an instant."""
        return self.midnight + timedelta(seconds=second)

    @property
    def second(self) -> float:
        """The second of the day that it is."""
        return (self.now() - self.midnight).total_seconds()

    async def before(self, presses: Sequence[Press], start: int, set_clock: SetClock) -> None:
        """Send what was pressed before the play begins, the clock set to each portion's end."""
        early = sorted((p for p in presses if p.sent < start), key=lambda press: press.sent)
        for bucket in sorted({p.sent // BUCKET_S for p in early}):
            set_clock(self.at(min((bucket + 1) * BUCKET_S, start)), 1)
            await asyncio.gather(*(self.send(p) for p in early if p.sent // BUCKET_S == bucket))

    async def between(self, presses: Sequence[Press], start: int, end: int, said: Callable[[int, int], None]) -> None:
        """Send what is due from `start` on; at the end every phone finds a signal: the last sync."""
        due = sorted((p for p in presses if p.sent >= start and p.made <= end), key=lambda press: press.sent)
        async with asyncio.TaskGroup() as group:
            for number, press in enumerate(due):
                while self.second < min(press.sent, end):
                    said(number, len(due))
                    await asyncio.sleep(0.05)
                group.create_task(self.send(press))
            while self.second < end:
                said(len(due), len(due))
                await asyncio.sleep(0.05)

    async def send(self, press: Press) -> None:
        """One press over HTTP, until it is answered."""
        duty, began = press.shift, monotonic()
        path = f"/attendance/v1/{duty.region}/{press.kind}"
        body = self.body(press)
        token = self.caller.employee(duty.region, duty.opd, duty.employee)
        answer = await self.caller.tell(path, token, body, f"tap-{body['client_id']}")
        (self.accepted if answer.status == HTTPStatus.CREATED else self.refused).append(press)
        position = answer.headers["piket-position"]
        self.positions[duty.region, duty.opd] = max(
            int(position.rsplit("/", 1)[1]), self.positions.get((duty.region, duty.opd), 0)
        )
        if answer.status == HTTPStatus.CREATED and monotonic() - self._measured > MEASURED_EVERY_S:
            self._measured = monotonic()
            await self._measure(duty.region, duty.opd, position, began)

    async def _measure(self, region: str, opd: str, position: str, began: float) -> None:
        """Wall time from the press to the row in the view that has seen it; asked again while it has not."""
        headers = {"piket-min-position": position}
        path, day = f"/reporting/v1/{region}/coverage/{opd}", str(self.midnight.date())
        while monotonic() - began < 60:
            if (await self.caller.ask(path, headers, date=day)).ok:
                self.seen_ms.append((monotonic() - began) * 1000)
                return
            await asyncio.sleep(AGAIN_S)

    def body(self, press: Press) -> dict[str, Any]:
        """The press as a phone sends it."""
        duty, site = press.shift, {"site": press.shift.site} if press.on_site else {}
        inside = {"kind": "GEOFENCE", "accuracy_m": 12, "distance_class": "INSIDE"} if press.on_site else {}
        made = f"urn:piket:simulated:{duty.employee}:{press.kind}:{press.made}"
        return {
            "client_id": str(uuid5(NAMESPACE_URL, made)),
            "occurred_at": self.at(press.clock).isoformat(),
            "mode": duty.mode,
            "unit": press.unit,
            "place": {"class": PLACES[duty.mode], **site},
            "evidence": inside or {"kind": "CLAIM"},
            "offline": press.offline,
            **({"post": press.post} if press.post else {}),
        }

    async def declare(self, outage: Outage) -> None:
        """The personnel agency puts an outage on record, shortly after it is over."""
        while self.second < (outage.end + DECLARED_AFTER_MIN) * 60:  # noqa: ASYNC110 - the demo's clock has no event
            await asyncio.sleep(0.1)
        body = {
            "outage": "GANGGUAN-1",
            "channel": "APP",
            "from": self.at(outage.start * 60).isoformat(),
            "to": self.at(outage.end * 60).isoformat(),
            "grace_until": self.at((outage.end + GRACE_MIN) * 60).isoformat(),
            "by": "KEPALA_BKPSDM",
            "opds": outage.opds,
        }
        official = self.caller.official("PERSONNEL", outage.region, "BKPSDM")
        await self.caller.done(f"/attendance/v1/{outage.region}/outages", official, body)
