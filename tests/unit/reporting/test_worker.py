"""A worker notices that a topic was left out when partitions were assigned."""

import pytest

from services.reporting.worker.monitors import left_out

TOPICS = ["policy", "roster"]


@pytest.mark.parametrize(
    ("assigned", "read_before", "unread"),
    [
        ([("policy", 0), ("roster", 0), ("changelog", 0)], True, []),
        ([("policy", 0), ("policy", 1), ("roster", 1)], True, ["roster"]),
        ([("policy", 2)], False, ["roster"]),
        ([], False, []),
        ([], True, ["policy", "roster"]),
    ],
)
def test_what_is_left_out_is_named(assigned: list[tuple[str, int]], read_before: bool, unread: list[str]) -> None:  # noqa: FBT001
    assert left_out(assigned, TOPICS, read_before=read_before) == unread
