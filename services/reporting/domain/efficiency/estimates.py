"""Estimates what the people at home save. The factors are assumptions until a deployment sets measured ones. Pure."""

from typing import NamedTuple


class Factor(NamedTuple):
    """What one person saves on one day at home, and where the number comes from."""

    name: str
    per_day: float
    source: str


class EstimationFactors(NamedTuple):
    """The factors of a deployment: kilometres of commute and kilowatt-hours of an office."""

    commute: Factor
    energy: Factor


def estimation_factors(commute_km: float | None, energy_kwh: float | None) -> EstimationFactors:
    """Return the factors of the settings, or the assumptions: 20 km there and back, 3 kWh of a shared office."""
    return EstimationFactors(
        _factor("commute_kilometres_per_day", commute_km, 20.0),
        _factor("energy_kilowatt_hours_per_day", energy_kwh, 3.0),
    )


def _factor(name: str, setting: float | None, assumption: float) -> Factor:
    return Factor(name, assumption, "assumption") if setting is None else Factor(name, setting, "deployment")
