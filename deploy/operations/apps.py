"""Creates the applications of the services. Only those that are served are imported."""

from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from shared.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI


class Service(StrEnum):
    """The services that `piket serve` can serve."""

    POLICY = "policy"
    ROSTER = "roster"
    ATTENDANCE = "attendance"
    REPORTING = "reporting"


def create_app(service: Service, settings: Settings) -> "FastAPI":
    """Return the application of a service."""
    match service:
        case Service.POLICY:
            from services.policy.app import create
        case Service.ROSTER:
            from services.roster.app import create
        case Service.ATTENDANCE:
            from services.attendance.app import create
        case Service.REPORTING:
            from services.reporting.app import create
        case _:
            assert_never(service)
    return create(settings)
