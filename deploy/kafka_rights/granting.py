"""Makes the users and rights of a broker those of the table; what is right already is not changed."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from aiokafka.client import AIOKafkaClient

from deploy.kafka_rights import protocol
from deploy.kafka_rights.protocol import AclBinding
from deploy.kafka_rights.users import Grant
from shared.kafka.connection import KafkaConnection
from shared.kafka.errors import UnsafeToContinue
from shared.settings.secret_files import read_secret

VISIBLE_WITHIN_S = 10
"""The answer to a change comes before every broker knows it."""


class Difference(NamedTuple):
    """The rights that users lack, and those that they have beside the table."""

    missing: frozenset[AclBinding]
    surplus: frozenset[AclBinding]


def difference(expected: Iterable[Grant], actual: frozenset[AclBinding]) -> Difference:
    """Compare the rights of the table with those of a broker."""
    bindings = frozenset(map(protocol.binding, expected))
    return Difference(bindings - actual, actual - bindings)


async def read_differences(
    connection: KafkaConnection, users: Mapping[str, frozenset[Grant]]
) -> Mapping[str, Difference]:
    """Return the difference of each user that has any right; one without may be of a role that is not in use.

    Raise `AccessRefused` if the own user may not see the rights, SecurityDisabled if Kafka checks none, KafkaError.
    """
    async with protocol.rights_client(connection) as client:
        actual = {user: await protocol.read_bindings(client, [user]) for user in users}
    return {user: difference(users[user], bindings) for user, bindings in actual.items() if bindings}


async def apply_rights(
    connection: KafkaConnection, users: Mapping[str, frozenset[Grant]], passwords: Path | None = None
) -> Sequence[str]:
    """Give these users exactly these rights, set the passwords of those that have a file, and return what was done.

    Raise `AccessRefused` if the own user may not do that, `UnreadableSecret`, KafkaError, and `UnsafeToContinue` if
    the changes do not become visible.
    """
    secrets = _read_passwords(users, passwords) if passwords else {}
    expected = [grant for grants in users.values() for grant in grants]
    async with protocol.rights_client(connection) as client:
        before = difference(expected, await protocol.read_bindings(client, users))
        await protocol.create_bindings(client, before.missing)
        await protocol.delete_bindings(client, before.surplus)
        await protocol.set_passwords(client, secrets)
        await _wait_until_visible(client, users, expected)
    counts = f"{len(before.missing)} rights given, {len(before.surplus)} taken away, {len(secrets)} passwords set"
    unchanged = [user for user in users if passwords and user not in secrets]
    return [
        f"{len(users)} users: {counts}.",
        *(f"{passwords} has no file {user}: the password of this user is as before." for user in unchanged),
    ]


def _read_passwords(users: Iterable[str], folder: Path) -> Mapping[str, str]:
    files = {user: folder / user for user in users}
    return {user: read_secret(file, "--passwords") for user, file in files.items() if file.exists()}


async def _wait_until_visible(client: AIOKafkaClient, users: Iterable[str], expected: Sequence[Grant]) -> None:
    for _ in range(VISIBLE_WITHIN_S * 10):
        if difference(expected, await protocol.read_bindings(client, users)) == (frozenset(), frozenset()):
            return
        await asyncio.sleep(0.1)
    raise UnsafeToContinue(
        f"The rights were sent to Kafka and are not in force after {VISIBLE_WITHIN_S} s. Run `piket kafka grant` again;"
        " if it repeats, look at the log of the controller."
    )
