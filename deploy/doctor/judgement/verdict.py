"""Defines the result of a check, and renders it as lines of text."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

STATE_WIDTH, NAME_WIDTH = 13, 18
MAX_NAMES = 3
"""A province has a hundred sources and topics, which most often have one fault in common."""


class Finding(NamedTuple):
    """A fault: where it is, what is wrong there, and what cures it."""

    where: str
    what: str
    cure: str


@dataclass(frozen=True)
class Verdict:
    """The result of a check: its findings, what was observed if there are none, and why it could not be made."""

    findings: Sequence[Finding] = ()
    evidence: str = ""
    not_checked: str = ""

    @property
    def healthy(self) -> bool:
        """Return whether the check was made and found no fault."""
        return not (self.findings or self.not_checked)

    @property
    def obstacle(self) -> str:
        """Return why a check that needs this one cannot be made."""
        return self.not_checked or f"{self.findings[0].where} {self.findings[0].what}"


def verdict(findings: Sequence[Finding], evidence: str) -> Verdict:
    """Return the verdict of a check that was made; the evidence counts only without findings."""
    return Verdict(findings, "" if findings else evidence)


def name_some(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    more = f" and {len(names) - MAX_NAMES} more" * (len(names) > MAX_NAMES)
    return f"{', '.join(names[:MAX_NAMES])}{more}"


def show_minute(instant: datetime) -> str:
    """Return the minute of an instant in UTC."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def lines(name: str, result: Verdict) -> Iterator[str]:
    """Yield one line for a healthy check or one that was not made, two lines for each finding."""
    for finding in result.findings:
        yield _line("FAULT", name, f"{finding.where} {finding.what}.")
        yield _line("", "", f"Cure: {finding.cure}")
    if result.not_checked:
        yield _line("not checked", name, f"{result.not_checked}.")
    if result.healthy:
        yield _line("ok", name, f"{result.evidence}.")


def summary(results: Mapping[str, Verdict]) -> str:
    """Return the last line: how many faults there are and how many checks were not made."""
    count = sum(len(result.findings) for result in results.values())
    skipped = sum(bool(result.not_checked) for result in results.values())
    if not (count or skipped):
        return f"No fault in {len(results)} checks."
    return f"Faults: {count}. Checks that could not be made: {skipped}."


def _line(state: str, name: str, text: str) -> str:
    return f"{state:{STATE_WIDTH}}{name:{NAME_WIDTH}}{text}"
