"""Defines the groups `piket region`, `people` and `roster`, whose commands are imported if one is asked for."""

import typer

from deploy.cli.lazy_group import lazy_group


def _region() -> typer.Typer:
    from deploy.cli.onboarding import region

    return region.cli


def _people() -> typer.Typer:
    from deploy.cli.onboarding import people

    return people.cli


def _roster() -> typer.Typer:
    from deploy.cli.onboarding import rosters

    return rosters.cli


GROUPS = {
    "region": lazy_group(_region, "A new kabupaten or kota: from nothing to its first published roster."),
    "people": lazy_group(_people, "Who works in which unit."),
    "roster": lazy_group(_roster, "The rosters of an OPD."),
}
"""The groups by name."""
