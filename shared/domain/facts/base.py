"""Defines the base classes of facts and commands, and the field types that they share."""

from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Region = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}([0-9]{2})?$")]
"""A Kemendagri region code without dots: `32` is West Java, `3271` is Kota Bogor."""

Code = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9_-]{0,39}$")]
"""The short code of an OPD, unit, post or site; never free text about a person."""

OfficeTitle = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{2,39}$")]
"""The title of an office, such as `KEPALA_BKD`. It is published, so it is never the name of a person."""

EARLIEST, LATEST = date(2000, 1, 1), date(2199, 12, 31)
Day = Annotated[date, Field(ge=EARLIEST, le=LATEST)]
"""A date in a plausible range. Other dates are mistakes, and date arithmetic on them could overflow."""

GenerationNumber = Annotated[int, Field(ge=0, exclude_if=lambda number: not number)]
"""How many times the view had been rebuilt before this record was written; 0 is left out of the JSON."""

Zone = Annotated[str, StringConstraints(pattern=r"^Asia/(Jakarta|Pontianak|Makassar|Jayapura)$")]
"""The time zone of a site: WIB, WITA or WIT."""


class Value(BaseModel):
    """A part of a fact. Readers ignore unknown fields, so a later version may add fields."""

    # By name and alias: `from` and `class` are keywords of Python, so code uses `from_` and `class_`, JSON the alias.
    model_config = ConfigDict(frozen=True, extra="ignore", validate_by_name=True, serialize_by_alias=True)


class Fact(Value):
    """One event in one region, and in one OPD unless it concerns all of them."""

    TYPE: ClassVar[str]
    REFUSAL: ClassVar[bool] = False

    region: Region

    @property
    def partition_key(self) -> str:
        """Return the Kafka key: `{region}/{opd}`, or `{region}/-` for a fact that concerns no single OPD."""
        return f"{self.region}/{getattr(self, 'opd', '-')}"

    def happened_at(self, now: datetime) -> datetime:
        """Return when the fact happened: the time of recording, unless the fact holds its own time."""
        return now


class Command(BaseModel):
    """A request to do something. Unknown fields are refused, so a misspelled optional field is never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)
