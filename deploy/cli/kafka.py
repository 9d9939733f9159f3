"""Defines `piket topics` and `piket kafka`: the topics of a deployment, its users, and what they may do."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shared.settings import Settings

if TYPE_CHECKING:
    from deploy.kafka_rights.users import Grant

topics = typer.Typer(no_args_is_help=True, help="The topics of a deployment.")
kafka = typer.Typer(no_args_is_help=True, help="The users of a deployment in Kafka, and their rights.")
RoleOption = Annotated[list[str] | None, typer.Option("--role", help="only this role; repeat it for several")]


@topics.command()
def create(replication: int = 1) -> None:
    """Create the missing topics of PIKET_REGIONS, and the changelog of the worker."""
    from deploy.operations.topics import create_topics

    asyncio.run(create_topics(Settings(), replication))


def _users(roles: Sequence[str] | None) -> "Mapping[str, frozenset[Grant]]":
    """Return the users of these roles, or of all. Raise `BadParameter` for an unknown role."""
    from deploy.kafka_rights.table import ROLES
    from deploy.kafka_rights.users import users

    settings = Settings()
    if unknown := {*(roles or ())} - {*ROLES}:
        raise typer.BadParameter(f"there is no role {', '.join(sorted(unknown))}; the roles are {', '.join(ROLES)}.")
    return users(settings.deployment, settings.region_list(), roles or ROLES)


@kafka.command()
def rights(role: RoleOption = None) -> None:
    """Print what each user of the deployment may do, `*` for every name that begins so."""
    from deploy.kafka_rights import describing

    for line in describing.lines(_users(role)):
        print(line)


@kafka.command()
def grant(
    role: RoleOption = None,
    passwords: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="a folder with a file for each user, named so")
    ] = None,
) -> None:
    """Give each user of the deployment its rights and take all others away; with --passwords set the passwords.

    Needs a user that may alter the cluster. Repeating it changes nothing, except that passwords are set again.
    """
    from deploy.kafka_rights.granting import apply_rights
    from shared.kafka.connection import connection_of

    for line in asyncio.run(apply_rights(connection_of(Settings()), _users(role), passwords)):
        print(line)
