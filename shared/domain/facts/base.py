"""What all facts share: where they belong and when they happened."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Region = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}([0-9]{2})?$")]
"""A Kemendagri code without dots: `32` West Java, `3271` Kota Bogor."""

Code = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9_-]{0,39}$")]
"""A short code of an OPD, unit, post or site; never free text about a person."""

Function = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{2,39}$")]
"""The title of an office, such as `KEPALA_BKD`: published, so never the name of a person."""

EARLIEST, LATEST = date(2000, 1, 1), date(2199, 12, 31)
Day = Annotated[date, Field(ge=EARLIEST, le=LATEST)]
"""A date that a fact can be about: any other is a mistake, and arithmetic on it may overflow."""

Generation = Annotated[int, Field(ge=0, exclude_if=lambda number: not number)]
"""How often a view was rebuilt before it was written; the first one is not told."""

Zone = Annotated[str, StringConstraints(pattern=r"^Asia/(Jakarta|Pontianak|Makassar|Jayapura)$")]
"""The time zone of a site: WIB, WITA or WIT."""


class Value(BaseModel):
    """A part of a fact. Readers ignore what they do not know: the future is tolerated."""

    model_config = ConfigDict(frozen=True, extra="ignore", validate_by_name=True, serialize_by_alias=True)


class Fact(Value):
    """One thing that happened in one region, and in one OPD unless it concerns them all."""

    TYPE: ClassVar[str]
    REFUSAL: ClassVar[bool] = False

    region: Region

    @property
    def partition_key(self) -> str:
        """`{region}/{opd}`, or `{region}/-` for what concerns no single OPD."""
        return f"{self.region}/{getattr(self, 'opd', '-')}"

    def happened(self, now: datetime) -> datetime:
        """When it happened: at its recording, unless the fact itself says otherwise."""
        return now


class Command(BaseModel):
    """What somebody wants, imperative and closed: callers may not guess."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)


class Invalid(Exception):
    """A command that cannot be meant. Says where (an RFC 6901 pointer into the body) and why, in both languages.

    `more` are further faults of the same command.
    """

    def __init__(self, pointer: str, indonesian: str, english: str, *more: "Invalid") -> None:
        super().__init__(english)
        self.faults = (self, *more)
        self.pointer = pointer
        self.indonesian = indonesian
        self.english = english

    @classmethod
    def together(cls, faults: Sequence["Invalid"]) -> "Invalid":
        """Several faults of one command, at least one, to be raised as one."""
        first, *more = faults
        return cls(first.pointer, first.indonesian, first.english, *more)
