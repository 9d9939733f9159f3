"""Tests that a worker notices topics for which it was assigned no partition."""

import pytest

from services.reporting.worker.monitors import missing_topics

TOPICS = ["policy", "roster"]


@pytest.mark.parametrize(
    ("assigned", "read_before", "missing"),
    [
        ([("policy", 0), ("roster", 0), ("changelog", 0)], True, []),
        ([("policy", 0), ("policy", 1), ("roster", 1)], True, ["roster"]),
        ([("policy", 2)], False, ["roster"]),
        ([], False, []),
        ([], True, ["policy", "roster"]),
    ],
)
def test_what_is_left_out_is_named(assigned: list[tuple[str, int]], read_before: bool, missing: list[str]) -> None:  # noqa: FBT001
    assert missing_topics(assigned, TOPICS, read_before=read_before) == missing
