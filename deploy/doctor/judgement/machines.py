"""Judges disks, clocks and ports."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from deploy.doctor.judgement.verdict import Finding, Verdict, verdict

MEGABYTE = 1_000_000
MIN_FREE_BYTES = 500 * MEGABYTE
"""A day of a province is some 200 MB in stores and log together."""
MAX_CLOCK_OFFSET_S = 1.0


class DiskObserved(NamedTuple):
    """A folder, what is stored in it, and the free bytes of its disk; None if the folder does not exist."""

    purpose: str
    folder: str
    free_bytes: int | None


class ClockObserved(NamedTuple):
    """Between which bounds, in seconds, the clock of a machine is ahead of the clock of this one (negative: behind)."""

    machine: str
    least: float
    most: float


class PortUse(StrEnum):
    """Who answers at a port. HANGS: connections are accepted, or queued, and nothing is answered."""

    NOBODY = "NOBODY"
    PIKET = "PIKET"
    ANOTHER_PROGRAM = "ANOTHER_PROGRAM"
    HANGS = "HANGS"


class PortObserved(NamedTuple):
    """An address, the process that should answer there, and who does. `may_be_free`: the process may not run yet."""

    address: str
    process: str
    use: PortUse
    may_be_free: bool = False


class PortsObserved(NamedTuple):
    """The ports of a deployment, or why the file that lists them cannot be used."""

    ports: Sequence[PortObserved] = ()
    unusable_targets: str = ""


MISUSES: Mapping[PortUse, tuple[str, str]] = {
    PortUse.NOBODY: ("is not served", "Start it; if it runs, compare its address with the setting."),
    PortUse.ANOTHER_PROGRAM: (
        "is taken by a program that is not Piket",
        "End that program (`ss -ltnp` shows it), or give Piket another port.",
    ),
    PortUse.HANGS: (
        "accepts connections but does not answer in time: the process hangs",
        "Read its log, then restart it. If `ss -ltnp` shows that it is not Piket, end it.",
    ),
}


def judge_disks(disks: Sequence[DiskObserved]) -> Verdict:
    """Return whether every disk has space for some hours."""
    if not disks:
        return Verdict(evidence="the disks are on other machines and cannot be seen from here")
    findings = [finding for disk in disks for finding in _disk_findings(disk)]
    free = min((disk.free_bytes or 0 for disk in disks), default=0)
    return verdict(findings, f"at least {free / MEGABYTE:,.0f} MB free in {', '.join(disk.folder for disk in disks)}")


def _disk_findings(disk: DiskObserved) -> Iterator[Finding]:
    where = f"The folder {disk.folder} ({disk.purpose})"
    if disk.free_bytes is None:
        yield Finding(where, "does not exist on this machine", "Create it, or check PIKET_FOLDER and PIKET_STORE.")
    elif disk.free_bytes < MIN_FREE_BYTES:
        what = f"is on a disk with {disk.free_bytes / MEGABYTE:,.0f} MB free, less than {MIN_FREE_BYTES // MEGABYTE} MB"
        yield Finding(where, what, "Free space or enlarge the disk before stores and log stop accepting events.")


def judge_clocks(clocks: Sequence[ClockObserved]) -> Verdict:
    """Return whether the clocks of all machines are within a second of the clock of this one."""
    if not clocks:
        return Verdict(not_checked="no relay, worker, application or database answered with its time")
    findings = [finding for clock in clocks for finding in _clock_findings(clock)]
    return verdict(findings, f"{', '.join(clock.machine for clock in clocks)}: within a second of this machine")


def _clock_findings(clock: ClockObserved) -> Iterator[Finding]:
    cure = "Synchronise both machines with the same time server (chrony or systemd-timesyncd)."
    if clock.least > MAX_CLOCK_OFFSET_S:
        yield Finding(f"The clock of {clock.machine}", f"is {clock.least:.0f} s ahead of this machine", cure)
    if clock.most < -MAX_CLOCK_OFFSET_S:
        yield Finding(f"The clock of {clock.machine}", f"is {-clock.most:.0f} s behind this machine", cure)


def judge_ports(observed: PortsObserved) -> Verdict:
    """Return whether every port is served by Piket, or is free for a process that may not run yet."""
    if observed.unusable_targets:
        cure = "Write it: `piket targets --process app=127.0.0.1:9464 … > FILE`; then set PIKET_TARGETS to it."
        return Verdict([Finding("The file of PIKET_TARGETS", f"cannot be used ({observed.unusable_targets})", cure)])
    ports = observed.ports
    if not ports:
        return Verdict(evidence="neither PIKET_TARGETS nor PIKET_METRICS_PORT names a port, so none is expected")
    findings = [finding for port in ports for finding in _port_findings(port)]
    return verdict(findings, f"Piket answers at {', '.join(p.address for p in ports if p.use is PortUse.PIKET) or '-'}")


def _port_findings(port: PortObserved) -> Iterator[Finding]:
    is_free = port.use is PortUse.NOBODY and port.may_be_free
    if port.use in MISUSES and not is_free:
        yield Finding(f"The address {port.address} of {port.process}", *MISUSES[port.use])
