"""Describes the table of rights: as lines for a terminal, and as the table of docs/operations/kafka.md."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from deploy.kafka_rights.table import ROLES, Right
from deploy.kafka_rights.users import Grant, user_name

HEADER = ("| user | for | resource | operations | why |", "|---|---|---|---|---|")


def lines(users: Mapping[str, Iterable[Grant]]) -> Iterator[str]:
    """Yield one line for each resource of each user: user, resource, operations."""
    for user, grants in users.items():
        operations: dict[str, list[str]] = {}
        for grant in sorted(grants):
            resource = f"{grant.kind} {grant.name}{'*' if grant.is_prefix else ''}"
            operations.setdefault(resource, []).append(grant.operation)
        for resource, names in operations.items():
            yield f"{user:<32} {resource:<50} {', '.join(names)}"


def markdown() -> str:
    """Return the table of all roles in Markdown."""
    return "\n".join([*HEADER, *(row for role in ROLES for row in _rows(role))])


def _rows(role: str) -> Iterator[str]:
    name = user_name("{deployment}", role, "{region}" if ROLES[role].by_region else "")
    first = f"| `{name}` | {ROLES[role].description} "
    for right in ROLES[role].rights:
        yield f"{first}| {_resource(right)} | {', '.join(right.operations)} | {right.reason} |"
        first = "| | "


def _resource(right: Right) -> str:
    return f"{right.kind} `{right.name}{'*' if right.is_prefix else ''}`"


def write_document(file: Path) -> None:
    """Replace the table of a document by the current one."""
    lines_before, _, rest = file.read_text().partition(HEADER[0])
    after = rest.split("\n\n", 1)[1]
    file.write_text(f"{lines_before}{markdown()}\n\n{after}")


if __name__ == "__main__":
    write_document(Path(__file__).parents[2] / "docs/operations/kafka.md")
