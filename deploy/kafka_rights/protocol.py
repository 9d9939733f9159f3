"""Sends Kafka the requests about rights (ACL) and users (SCRAM) for which aiokafka's admin client has no method."""

import hashlib
import secrets
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import for_code
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    CompactArray,
    CompactBytes,
    CompactString,
    Int8,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

from deploy.kafka_rights.table import Operation, ResourceKind
from deploy.kafka_rights.users import Grant
from shared.kafka.access import explained
from shared.kafka.closing import started
from shared.kafka.connection import KafkaConnection

REQUEST_MS = 10_000
ANY, ALLOW = 1, 3
LITERAL, PREFIXED = 3, 4
KINDS: Mapping[ResourceKind, int] = {ResourceKind.TOPIC: 2, ResourceKind.GROUP: 3, ResourceKind.CLUSTER: 4}
OPERATIONS: Mapping[Operation, int] = {
    Operation.READ: 3,
    Operation.WRITE: 4,
    Operation.CREATE: 5,
    Operation.DELETE: 6,
    Operation.ALTER: 7,
    Operation.DESCRIBE: 8,
    Operation.DESCRIBE_CONFIGS: 10,
    Operation.ALTER_CONFIGS: 11,
}
SCRAM_SHA_512 = 2
ITERATIONS = 8_192
"""Kafka takes 4,096 to 16,384."""


class AclBinding(NamedTuple):
    """A right as Kafka stores it: kind, name, pattern, principal, host, operation and permission, as its protocol."""

    kind: int
    name: str
    pattern: int
    principal: str
    host: str
    operation: int
    permission: int

    def __str__(self) -> str:
        operation = next((name for name, code in OPERATIONS.items() if code == self.operation), f"#{self.operation}")
        kind = next((name for name, code in KINDS.items() if code == self.kind), f"resource #{self.kind}")
        return f"{operation} on {kind} {self.name}{'*' if self.pattern == PREFIXED else ''}"


class AlterUserScramCredentialsResponse(Response):  # type: ignore[misc]  # aiokafka has no types
    """The result of each user: name, error code, message."""

    API_KEY = 51
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "results",
            CompactArray(
                ("user", CompactString("utf-8")),
                ("error_code", Int16),
                ("error_message", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class AlterUserScramCredentialsStruct(RequestStruct):  # type: ignore[misc]  # aiokafka has no types
    """The passwords to delete and to set (KIP-554, version 0)."""

    FLEXIBLE_VERSION = True
    API_KEY = 51
    API_VERSION = 0
    RESPONSE_TYPE = AlterUserScramCredentialsResponse
    SCHEMA = Schema(
        ("deletions", CompactArray(("name", CompactString("utf-8")), ("mechanism", Int8), ("tags", TaggedFields))),
        (
            "upsertions",
            CompactArray(
                ("name", CompactString("utf-8")),
                ("mechanism", Int8),
                ("iterations", Int32),
                ("salt", CompactBytes),
                ("salted_password", CompactBytes),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class AlterUserScramCredentials(Request[AlterUserScramCredentialsStruct]):  # type: ignore[misc]
    """Sets the passwords of users; a user that does not exist is created."""

    API_KEY = 51

    def __init__(self, passwords: Mapping[str, str]) -> None:
        self._passwords = passwords

    def build(self, request_struct_class: type[AlterUserScramCredentialsStruct]) -> AlterUserScramCredentialsStruct:
        """Return the request. Kafka receives salted hashes, never a password (RFC 5802, section 3)."""
        upsertions = list[tuple[Any, ...]]()
        for user, password in self._passwords.items():
            salt = secrets.token_bytes(32)
            salted = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
            upsertions.append((user, SCRAM_SHA_512, ITERATIONS, salt, salted, {}))
        return request_struct_class([], upsertions, {})


@asynccontextmanager
async def rights_client(connection: KafkaConnection) -> AsyncIterator[AIOKafkaClient]:
    """Open a client that sends any request. Raises `AccessRefused` if Kafka refuses, and other KafkaErrors."""
    network = AIOKafkaClient(**connection.client_options(), request_timeout_ms=REQUEST_MS)
    async with explained(connection), started(network) as client:
        yield client


def binding(grant: Grant) -> AclBinding:
    """Return a grant as Kafka stores it, for connections from every host."""
    pattern = PREFIXED if grant.is_prefix else LITERAL
    kind, operation = KINDS[grant.kind], OPERATIONS[grant.operation]
    return AclBinding(kind, grant.name, pattern, f"User:{grant.user}", "*", operation, ALLOW)


async def read_bindings(client: AIOKafkaClient, users: Iterable[str]) -> frozenset[AclBinding]:
    """Return what these users are allowed. Raise KafkaError if Kafka checks no rights or refuses to tell."""
    bindings = set[AclBinding]()
    for user in users:
        request = DescribeAclsRequest(ANY, None, ANY, f"User:{user}", None, ANY, ALLOW)
        answer = await _send(client, request)
        _check(answer.error_code, "rights on the cluster")
        for kind, name, pattern, acls in answer.resources:
            bindings |= {AclBinding(kind, name, pattern, *acl) for acl in acls}
    return frozenset(bindings)


async def create_bindings(client: AIOKafkaClient, bindings: Iterable[AclBinding]) -> None:
    """Give rights. Raise KafkaError if Kafka refuses one."""
    for wanted in bindings:
        answer = await _send(client, CreateAclsRequest(*wanted))
        for code, _ in answer.creation_responses:
            _check(code, wanted.name)


async def delete_bindings(client: AIOKafkaClient, bindings: Iterable[AclBinding]) -> None:
    """Take rights away. Raise KafkaError if Kafka refuses one."""
    for surplus in bindings:
        answer = await _send(client, DeleteAclsRequest(*surplus))
        for code, *_ in answer.filter_responses:
            _check(code, surplus.name)


async def set_passwords(client: AIOKafkaClient, passwords: Mapping[str, str]) -> None:
    """Set the passwords of these users, by name. Raise KafkaError if Kafka refuses one."""
    if passwords:
        answer = await _send(client, AlterUserScramCredentials(passwords))
        for user, code, *_ in answer.results:
            _check(code, user)


async def _send(client: AIOKafkaClient, request: Request[RequestStruct]) -> Response:
    return await client.send(client.get_random_node(), request)


def _check(code: int, name: str) -> None:
    if code:
        raise for_code(code)(name)
