"""Reads from other servers what the operators' page shows beside reporting's own state: alerts, and outages."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

import httpx
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

TIMEOUT_S = 3.0
MAX_SHOWN = 10

T = TypeVar("T")


class _AlertLabels(BaseModel):
    alertname: str = ""
    severity: str = ""
    region: str = ""


class _Annotations(BaseModel):
    summary: str = ""
    summary_en: str = ""


class FiringAlert(BaseModel):
    """An alert of Alertmanager's API version 2."""

    labels: _AlertLabels
    annotations: _Annotations
    starts: AwareDatetime = Field(alias="startsAt")


class ListedOutage(BaseModel):
    """An outage as attendance lists it: when one channel took no taps, and in which OPD."""

    model_config = ConfigDict(populate_by_name=True)

    outage: str
    channel: str
    from_: AwareDatetime = Field(alias="from")
    to: AwareDatetime
    grace_until: AwareDatetime
    opds: list[str]


_alerts, _outages = TypeAdapter(list[FiringAlert]), TypeAdapter(list[ListedOutage])


class Neighbours:
    """The other servers. What does not answer is None, so that the page says so."""

    def __init__(self, gateway: str, alertmanager: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._gateway, self._alertmanager, self._transport = gateway, alertmanager, transport

    @property
    def has_alertmanager(self) -> bool:
        """Return whether an Alertmanager is configured."""
        return bool(self._alertmanager)

    async def alerts(self, region: str) -> Sequence[FiringAlert] | None:
        """Return the alerts of a region and of the deployment that fire now: pages first, then the newest first."""
        if not self._alertmanager:
            return ()
        path = "api/v2/alerts?active=true&inhibited=false&silenced=false"
        answered = await self._read(f"{self._alertmanager.rstrip('/')}/{path}", _alerts)
        # `severity: none` marks the alert that always fires, to show that alerting itself works.
        urgent = [a for a in answered or () if a.labels.severity != "none" and a.labels.region in {"", region}]
        return None if answered is None else sorted(urgent, key=_urgency, reverse=True)

    async def outages(self, region: str, token: str) -> Sequence[ListedOutage] | None:
        """Return the outages of a region with the reader's own token, the newest first."""
        path = f"{self._gateway}/attendance/v1/{region}/outages"
        answered = await self._read(path, _outages, {"authorization": f"Bearer {token}"})
        return None if answered is None else answered[:MAX_SHOWN]

    async def _read(self, url: str, adapter: TypeAdapter[T], headers: dict[str, str] | None = None) -> T | None:
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S, transport=self._transport) as http:
                answer = await http.get(url, headers=headers)
            return adapter.validate_json(answer.raise_for_status().content)
        except (httpx.HTTPError, ValidationError):
            return None


def _urgency(alert: FiringAlert) -> tuple[bool, datetime]:
    return alert.labels.severity == "page", alert.starts
