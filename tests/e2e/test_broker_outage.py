"""Freezes a real broker, and sees who is called: by one alert within its time, and by nothing that follows from it."""

from pathlib import Path

import pytest

from deploy.local.kafka import Kafka
from tests.e2e.watched_site import open_site, watched
from tests.support.alerting import PATIENCE_S
from tests.support.waiting import block_until

pytestmark = pytest.mark.parts

CALLED_WITHIN_S = 50
"""The relay waits 20 s for an answer of Kafka; the alert fires after 15 s and is sent after 15 s, both by six."""


def test_a_broker_that_does_not_answer_is_called_and_nothing_that_follows_from_it(tmp_path: Path, kafka: Kafka) -> None:
    with open_site(tmp_path, kafka) as site, watched(site, tmp_path / "watch", faster=6) as watch:
        kafka.pause()
        watch.wait_for_call("KafkaUnreachable", seconds=CALLED_WITHIN_S)
        # The view is stale after 30 s without heartbeats.
        block_until(lambda: watch.active().get("ViewStale") == {"suppressed"}, PATIENCE_S, watch.describe)
        kafka.resume()
        # A worker may end when its broker was away for long, and its supervisor starts it again.
        block_until(
            lambda: not site.stack.restart_ended() and set(watch.pending()) <= {"KafkaUnreachable"},
            PATIENCE_S,
            watch.describe,
        )
        assert watch.receiver.alerts() == {"KafkaUnreachable"}, watch.describe()
