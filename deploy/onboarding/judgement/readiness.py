"""Judges what a government lacks on its way to its first rosters. Each finding names the next command. Pure."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from deploy.doctor.judgement.verdict import Finding, Verdict, name_some, verdict
from deploy.onboarding.judgement.national_base import missing_instruments, national_base


class PolicyObserved(NamedTuple):
    """What policy has recorded of a region: years of its calendar, instruments, and the units of each OPD."""

    region: str
    today: date
    holiday_years: frozenset[int]
    instruments: frozenset[str]
    units: Mapping[str, frozenset[str]]


class StaffObserved(NamedTuple):
    """The units of a region that have people on a date, of those that are in the register."""

    region: str
    units: frozenset[tuple[str, str]]
    staffed: frozenset[tuple[str, str]]


class RostersObserved(NamedTuple):
    """The OPD with units, and those whose rosters are published for the next working day."""

    region: str
    day: date
    opds: Collection[str]
    rostered: Collection[str]


class BoardObserved(NamedTuple):
    """The address of the board, the OPD with a published roster, and those that it shows."""

    region: str
    address: str
    opds: Collection[str]
    visible: Collection[str]


class ServedObserved(NamedTuple):
    """The region, and the regions of the settings."""

    region: str
    served: Sequence[str]


def judge_served(observed: ServedObserved) -> Verdict:
    """Return whether the settings name the region."""
    region, served = observed.region, observed.served
    if region in served:
        return Verdict(evidence=f"PIKET_REGIONS names {region}")
    cure = f"set -a; . {region}/piket.env; set +a (`piket region init {region}` writes it), then restart the processes"
    return Verdict([Finding("PIKET_REGIONS", f"is {','.join(served)}, without {region}", cure)])


def judge_calendar(observed: PolicyObserved) -> Verdict:
    """Return whether the holidays of the present year are declared."""
    year, region = observed.today.year, observed.region
    if year in observed.holiday_years:
        return Verdict(evidence=f"the holidays of {year} are declared")
    cure = f"piket policy record {region}/calendar.json --region {region}"
    return Verdict([Finding("The calendar", f"has no holiday of {year}", cure)])


def judge_national_base(observed: PolicyObserved) -> Verdict:
    """Return whether every national instrument of today is recorded."""
    missing = missing_instruments(observed.today, observed.instruments)
    cure = f"piket region enact-national {observed.region}"
    findings = [Finding(i.title, "is not enacted", cure) for i in missing]
    return verdict(findings, f"{len(national_base(observed.today))} national instruments are enacted")


def judge_register(observed: PolicyObserved) -> Verdict:
    """Return whether the register has OPD, and whether each has a unit."""
    region = observed.region
    cure = f"piket policy import {region}/register.xlsx --region {region}"
    if not observed.units:
        return Verdict([Finding("The register", "has no OPD", cure)])
    empty = [opd for opd, units in observed.units.items() if not units]
    findings = [Finding(name_some(empty), "has no unit", cure)] if empty else []
    count = sum(map(len, observed.units.values()))
    return verdict(findings, f"{len(observed.units)} OPD with {count} units")


def judge_staff(observed: StaffObserved) -> Verdict:
    """Return whether every unit of the register has people."""
    region = observed.region
    cure = f"piket people import {region}/people.xlsx --region {region}"
    if empty := sorted(f"{opd}/{unit}" for opd, unit in observed.units - observed.staffed):
        return Verdict([Finding(name_some(empty), "has nobody on the next working day", cure)])
    return Verdict(evidence=f"each of {len(observed.units)} units has people")


def judge_rosters(observed: RostersObserved) -> Verdict:
    """Return whether every OPD has published its rosters for the next working day."""
    command = f"piket roster publish --region {observed.region} --date {observed.day} --opd"
    findings = [
        Finding(opd, f"has no roster on {observed.day}", f"{command} {opd}")
        for opd in sorted({*observed.opds} - {*observed.rostered})
    ]
    return verdict(findings, f"{len(observed.rostered)} OPD have rosters on {observed.day}")


def judge_board(observed: BoardObserved) -> Verdict:
    """Return whether the board shows every OPD that has a roster."""
    if hidden := sorted({*observed.opds} - {*observed.visible}):
        what = "does not show it yet" if len(hidden) == 1 else "does not show them yet"
        return Verdict([Finding(name_some(hidden), f"has a roster, but the board {what}", "piket doctor")])
    return Verdict(evidence=f"{observed.address}/wilayah/{observed.region} shows {len(observed.visible)} OPD")
