"""Defines the commands on the register of OPD and on the units of an OPD."""

from typing import Literal

from pydantic import Field

from shared.domain.facts.base import Code, Command, Day, Region
from shared.domain.facts.policy import Post, Site
from shared.domain.facts.rules import UnitSelectors


class OpdOpening(Command):
    """Body of `OpenOpd`: an agency, the first date on which it exists, and its kinds."""

    opd: Code
    name: str = Field(min_length=3, max_length=120)
    on: Day
    kinds: UnitSelectors = Field((), max_length=20)


class OpenOpd(OpdOpening):
    """Add an OPD to the register of a region."""

    region: Region


class OpdMerging(Command):
    """Body of `MergeOpd`: the successor, and the first date on which the merged OPD no longer exists."""

    into: Code
    on: Day


class MergeOpd(OpdMerging):
    """End an OPD whose duties another OPD takes over. If several are merged into one, each needs its own command."""

    region: Region
    opd: Code


class OpdSplitting(Command):
    """Body of `SplitOpd`: the successors, and the first date on which the split OPD no longer exists."""

    into: tuple[Code, ...] = Field(min_length=2, max_length=20)
    on: Day


class SplitOpd(OpdSplitting):
    """End an OPD whose duties several OPD take over."""

    region: Region
    opd: Code


class UnitArrangement(Command):
    """Body of `ArrangeUnit`: class, site, posts and dates (both included) of one unit."""

    unit: Code
    name: str = Field(min_length=1, max_length=120)
    class_: Literal["NON_SERVICE", "MIXED", "DIRECT", "EMERGENCY_24X7"] = Field(alias="class")
    site: Site
    posts: tuple[Post, ...] = Field((), max_length=200)
    valid_from: Day
    valid_to: Day | None = None
    kinds: UnitSelectors = Field((), max_length=20)


class ArrangeUnit(UnitArrangement):
    """Define what service a unit of an OPD must provide, from a date on."""

    region: Region
    opd: Code


OpdCommand = OpenOpd | MergeOpd | SplitOpd | ArrangeUnit
"""The commands on one OPD or one of its units."""
