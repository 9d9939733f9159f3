"""Plays a day: sends each simulated tap over HTTP at its time on the demo clock, and measures the latency."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from time import monotonic
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from deploy.http_client import HttpClient
from deploy.simulation.behaviour import SimulatedTap
from deploy.simulation.scenario_builder import PlannedOutage

PLACE_CLASSES = {"WFO": "SITE", "WFH": "HOME", "WFA": "PUBLIC"}
BUCKET_S = 300
"""Taps made before the start are sent at the start, in batches of so many seconds of the day."""
DECLARATION_DELAY_MIN, GRACE_MIN = 3, 120
MEASURE_INTERVAL_S = 0.4
POLL_INTERVAL_S = 0.02
SetClock = Callable[[datetime, float], None]


@dataclass
class DayPlayer:
    """Sends the taps of a day that begins at `midnight`, and collects the results.

    `latencies_ms` are samples of the wall time from a tap to its row in the view; `positions` holds the last position
    of each (region, OPD).
    """

    client: HttpClient
    midnight: datetime
    now: Callable[[], datetime]
    accepted: list[SimulatedTap] = field(default_factory=list)
    refused: list[SimulatedTap] = field(default_factory=list)
    latencies_ms: list[float] = field(default_factory=list)
    positions: dict[tuple[str, str], int] = field(default_factory=dict)
    _measured: float = 0.0

    def instant(self, second: float) -> datetime:
        """Return a second of the day as an instant."""
        return self.midnight + timedelta(seconds=second)

    @property
    def current_second(self) -> float:
        """Return the current second of the day on the demo clock."""
        return (self.now() - self.midnight).total_seconds()

    async def send_early_taps(self, taps: Sequence[SimulatedTap], start: int, set_clock: SetClock) -> None:
        """Send the taps made before the start, and set the clock to the end of each batch."""
        early = sorted((tap for tap in taps if tap.sent_at < start), key=lambda tap: tap.sent_at)
        for bucket in sorted({tap.sent_at // BUCKET_S for tap in early}):
            set_clock(self.instant(min((bucket + 1) * BUCKET_S, start)), 1)
            await asyncio.gather(*(self.send(tap) for tap in early if tap.sent_at // BUCKET_S == bucket))

    async def send_taps_on_time(
        self, taps: Sequence[SimulatedTap], start: int, end: int, show_progress: Callable[[int, int], None]
    ) -> None:
        """Send each tap from `start` on at its time. At `end`, all phones have a signal and send the remaining taps."""
        due = sorted(
            (tap for tap in taps if tap.sent_at >= start and tap.pressed_at <= end), key=lambda tap: tap.sent_at
        )
        async with asyncio.TaskGroup() as group:
            for number, tap in enumerate(due):
                while self.current_second < min(tap.sent_at, end):
                    show_progress(number, len(due))
                    await asyncio.sleep(0.05)
                # A task, so that a slow answer does not delay the next tap.
                group.create_task(self.send(tap))
            while self.current_second < end:
                show_progress(len(due), len(due))
                await asyncio.sleep(0.05)

    async def send(self, tap: SimulatedTap) -> None:
        """Send one tap until it is answered."""
        duty, started_at = tap.shift, monotonic()
        path = f"/attendance/v1/{duty.region}/{tap.kind}"
        body = self.tap_body(tap)
        token = self.client.employee_token(duty.region, duty.opd, duty.employee)
        answer = await self.client.post(path, token, body, f"tap-{body['client_id']}")
        (self.accepted if answer.status == HTTPStatus.CREATED else self.refused).append(tap)
        position = answer.headers["piket-position"]
        self.positions[duty.region, duty.opd] = max(
            int(position.rsplit("/", 1)[1]), self.positions.get((duty.region, duty.opd), 0)
        )
        if answer.status == HTTPStatus.CREATED and monotonic() - self._measured > MEASURE_INTERVAL_S:
            self._measured = monotonic()  # before the wait, so that other taps do not measure at the same time
            await self._measure(duty.region, duty.opd, position, started_at)

    async def _measure(self, region: str, opd: str, position: str, started_at: float) -> None:
        """Measure the wall time until the view's row includes the tap, by polling for at most a minute."""
        headers = {"piket-min-position": position}
        path, day = f"/reporting/v1/{region}/coverage/{opd}", str(self.midnight.date())
        while monotonic() - started_at < 60:
            if (await self.client.get_once(path, headers, date=day)).ok:
                self.latencies_ms.append((monotonic() - started_at) * 1000)
                return
            await asyncio.sleep(POLL_INTERVAL_S)

    def tap_body(self, tap: SimulatedTap) -> dict[str, Any]:
        """Return the body of the tap, as a phone sends it."""
        duty, site = tap.shift, {"site": tap.shift.site} if tap.on_site else {}
        evidence = {"kind": "GEOFENCE", "accuracy_m": 12, "distance_class": "INSIDE"} if tap.on_site else {}
        tap_name = f"urn:piket:simulated:{duty.employee}:{tap.kind}:{tap.pressed_at}"
        return {
            "client_id": str(uuid5(NAMESPACE_URL, tap_name)),
            "occurred_at": self.instant(tap.phone_clock).isoformat(),
            "mode": duty.mode,
            "unit": tap.unit,
            "place": {"class": PLACE_CLASSES[duty.mode], **site},
            "evidence": evidence or {"kind": "CLAIM"},
            "offline": tap.offline,
            **({"post": tap.post} if tap.post else {}),
        }

    async def declare_outage(self, outage: PlannedOutage) -> None:
        """Declare an outage as the personnel agency, shortly after its end."""
        while self.current_second < (outage.end + DECLARATION_DELAY_MIN) * 60:  # noqa: ASYNC110 - the demo's clock has no event
            await asyncio.sleep(0.1)
        body = {
            "outage": "GANGGUAN-1",
            "channel": "APP",
            "from": self.instant(outage.start * 60).isoformat(),
            "to": self.instant(outage.end * 60).isoformat(),
            "grace_until": self.instant((outage.end + GRACE_MIN) * 60).isoformat(),
            "by": "KEPALA_BKPSDM",
            "opds": outage.opds,
        }
        token = self.client.official_token("PERSONNEL", outage.region, "BKPSDM")
        await self.client.post_or_raise(f"/attendance/v1/{outage.region}/outages", token, body)
