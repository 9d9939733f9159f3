"""Tests what the relay decides without a broker: partition of a record, where to resume, who may send."""

import asyncio
from pathlib import Path

import pytest
from aiokafka.errors import KafkaConnectionError
from aiokafka.producer.producer import DefaultPartitioner
from aiokafka.structs import ConsumerRecord, RecordMetadata, TopicPartition
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from shared.domain.facts.heartbeat import Heartbeat
from shared.event_store.database import Unavailable
from shared.event_store.stored_events import CommittedUntil
from shared.kafka import broker, dead_letters
from shared.kafka.closing import discard_producer
from shared.kafka.connection import KafkaConnection
from shared.relay import heartbeat, sender
from shared.relay.checkpoints import files
from shared.relay.checkpoints.checkpoint import Checkpoint
from shared.relay.log_tail import PartitionTail, is_recreated, resume_sequence, shortened_partitions
from shared.relay.metrics import CONNECTED
from shared.relay.relay import Relay
from shared.relay.sender import AckRange
from tests.support.example_facts import at
from tests.support.in_memory_source import HEARTBEATS, PARTITIONS, TOPIC, InMemorySource, expected_sequences
from tests.support.waiting import wait_until

KEYS = [stored.key for stored in InMemorySource(60).stored]


def test_an_opd_goes_where_every_kafka_client_would_put_it() -> None:
    theirs = [DefaultPartitioner()(key.encode(), [0, 1, 2], [0, 1, 2]) for key in KEYS]
    assert [broker.partition_of(key, 3) for key in KEYS] == theirs


def test_a_region_has_its_event_topics_forever_and_its_view_for_35_days() -> None:
    topics = broker.topics_of("3271")
    permanent = {name for name, settings in topics.items() if settings["retention.ms"] == "-1"}
    assert permanent == {
        f"piket.3271.{name}.v1" for name in ("policy", "roster", "attendance", "reporting", "dead-letter")
    }
    assert topics["piket.3271.coverage.v1"].items() >= {
        ("cleanup.policy", "compact,delete"),
        ("retention.ms", "3024000000"),
    }


def test_a_missing_topic_is_named_with_the_way_to_create_it() -> None:
    sizes = dict.fromkeys(broker.topics_of("32"), 3)
    del sizes["piket.32.roster.v1"]
    message = str(broker.missing_topics(sizes, ["32"], 3))
    assert "no topic piket.32.roster.v1." in message
    assert "piket topics create" in message


def test_a_topic_with_another_number_of_partitions_is_named() -> None:
    sizes = dict.fromkeys(broker.topics_of("32"), 3) | {"piket.32.roster.v1": 12}
    assert "topic piket.32.roster.v1 has 12 partitions, not 3." in str(broker.missing_topics(sizes, ["32"], 3))


def test_a_checkpoint_is_read_by_the_next_relay(tmp_path: Path) -> None:
    files.write(tmp_path / "checkpoint", Checkpoint(sequence=7, offsets={0: 3, 2: 4}))
    assert files.read(tmp_path / "checkpoint") == Checkpoint(sequence=7, offsets={0: 3, 2: 4})


@pytest.mark.parametrize("torn", [b"", b'{"sequence": 7, "off', b"\x00" * 40, b'{"sequence": "many"}'], ids=repr)
def test_a_torn_checkpoint_begins_again_and_loses_nothing(tmp_path: Path, torn: bytes) -> None:
    (tmp_path / "checkpoint").write_bytes(torn)
    assert files.read(tmp_path / "checkpoint") == Checkpoint()


@pytest.mark.parametrize(
    ("tails", "after"),
    [
        ({0: PartitionTail(end=5), 1: PartitionTail(end=5)}, 10),  # the log agrees with the checkpoint
        ({0: PartitionTail(end=9), 1: PartitionTail(end=5)}, 10),  # sent after the checkpoint: repeats
        ({0: PartitionTail(), 1: PartitionTail()}, 0),  # recreated
        ({0: PartitionTail(end=3, last=6), 1: PartitionTail(end=5)}, 6),  # a partition lost its end
        ({0: PartitionTail(end=3, last=6), 1: PartitionTail(end=2, last=4)}, 4),  # both did
        ({0: PartitionTail(end=1, last=11), 1: PartitionTail(end=5, last=10)}, 0),  # recreated, and already written to
        ({0: PartitionTail(end=5)}, 0),  # recreated with fewer partitions
    ],
)
def test_sending_resumes_where_the_log_ends(tails: dict[int, PartitionTail], after: int) -> None:
    assert resume_sequence(Checkpoint(sequence=10, offsets={0: 5, 1: 5}), tails) == after


@given(st.integers(1, 80), st.lists(st.integers(0, 80), min_size=PARTITIONS, max_size=PARTITIONS))
def test_whatever_end_a_log_loses_what_is_sent_again_makes_it_whole(count: int, lengths: list[int]) -> None:
    full = expected_sequences(InMemorySource(count).stored)
    marked = Checkpoint(sequence=count, offsets={partition: len(log) for partition, log in full.items()})
    remaining = {partition: log[: lengths[partition]] for partition, log in full.items()}
    tails = {partition: PartitionTail(end=len(log), last=log[-1] if log else 0) for partition, log in remaining.items()}
    after = resume_sequence(marked, tails)
    assert {
        partition: remaining[partition] + [n for n in log if n > after and n not in remaining[partition]]
        for partition, log in full.items()
    } == full
    assert bool(shortened_partitions(marked, tails)) == (remaining != full)


def test_records_below_the_checkpoint_show_that_the_topic_was_recreated() -> None:
    before = Checkpoint(sequence=10, offsets={0: 5})
    assert is_recreated(before, {0: AckRange(0, 3)})
    assert not is_recreated(before, {0: AckRange(5, 8), 1: AckRange(0, 2)})


def test_an_acknowledgement_without_an_offset_is_an_error() -> None:
    metadata = RecordMetadata(TOPIC, 0, TopicPartition(TOPIC, 0), -1, None, 0, 0)
    with pytest.raises(sender.OffsetUnknown, match=TOPIC):
        sender._extend(None, metadata, 3)


async def test_a_page_is_packed_by_partition_in_position_order() -> None:
    producer = broker.producer(KafkaConnection("127.0.0.1:9"))
    page = InMemorySource(900).stored
    packed: dict[int, int] = dict.fromkeys(range(PARTITIONS), 0)
    for partition, batch in sender.pack_batches(producer, page, PARTITIONS):
        assert batch.closed()
        assert batch.size() <= broker.BATCH_BYTES
        packed[partition] += batch.record_count()
    await discard_producer(producer)
    assert packed == {
        partition: len(sequences) for partition, sequences in expected_sequences(InMemorySource(900).stored).items()
    }


def test_a_record_carries_the_context_of_its_request_once_if_it_was_traced() -> None:
    (stored,) = InMemorySource(1).stored
    headers = sender.record_headers(stored, "00-ab-cd-01")
    assert [value for name, value in headers if name == "traceparent"] == [b"00-ab-cd-01"]
    assert headers[:-1] == sender.record_headers(stored)


async def test_a_page_carries_the_contexts_of_its_traced_events() -> None:
    producer, page = broker.producer(KafkaConnection("127.0.0.1:9")), InMemorySource(3).stored
    packed = [batch for _, batch in sender.pack_batches(producer, page, 1, {2: "00-ab-cd-01"})]
    contents = b"".join(bytes(batch._build()) for batch in packed)
    await discard_producer(producer)
    assert contents.count(b"00-ab-cd-01") == 1


def test_a_dead_letter_keeps_the_bytes_and_their_position() -> None:
    broken = ConsumerRecord("piket.32.roster.v1", 2, 77, 0, 0, b"32/DPMPTSP", b"\xff{", None, 10, 2, ())
    letter = dead_letters.dead_letter(("piket.32.roster.v1", 2), broken, "event: Invalid JSON")
    assert (letter.key, letter.value) == (b"32/DPMPTSP", b"\xff{")
    assert dict(letter.headers) == {
        "topic": b"piket.32.roster.v1",
        "partition": b"2",
        "offset": b"77",
        "reason": b"event: Invalid JSON",
    }


@given(st.integers(0, 1_048_576), st.integers(0, 1_048_576), st.text(max_size=2000))
def test_a_dead_letter_is_never_too_large_for_kafka(key: int, value: int, reason: str) -> None:
    broken = ConsumerRecord("piket.32.roster.v1", 2, 77, 0, 0, b"k" * key, b"v" * value, None, key, value, ())
    letter = dead_letters.dead_letter(("piket.32.roster.v1", 2), broken, reason)
    headers = sum(len(name) + len(content) for name, content in letter.headers)
    assert len(letter.key or b"") + len(letter.value) + headers < 1_000_000


class RecordingProducer:
    """A producer that records what is sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes, Heartbeat]] = []

    async def send_and_wait(self, topic: str, value: bytes, key: bytes) -> None:
        self.sent.append((topic, key, Heartbeat.model_validate_json(value)))


async def test_a_relay_vouches_for_an_instant_only_when_all_before_it_is_sent() -> None:
    producer, checkpoints = RecordingProducer(), [Checkpoint(sequence=2, offsets={0: 2})]
    heartbeats = asyncio.create_task(
        heartbeat.send_heartbeats(producer, InMemorySource(3), "32", lambda: checkpoints[-1], 1)
    )
    await asyncio.sleep(3 * heartbeat.POLL_S)  # nothing for three polls
    before = list(producer.sent)
    checkpoints.append(Checkpoint(sequence=4, offsets={0: 2, 1: 2}))
    await wait_until(lambda: producer.sent)
    heartbeats.cancel()
    topic, key, beat = producer.sent[0]
    assert (before, topic, key, beat.service) == ([], HEARTBEATS, b"attendance", "attendance")
    assert (beat.sequence, beat.offsets, beat.at) == (4, {0: 2, 1: 2}, at("08:16"))


class UnavailableSource(InMemorySource):
    async def committed_until(self, _: str) -> CommittedUntil:
        raise Unavailable("The database did not answer")


async def test_a_relay_whose_store_is_away_vouches_for_nothing() -> None:
    producer = RecordingProducer()
    with pytest.raises(Unavailable):
        await heartbeat.send_heartbeats(producer, UnavailableSource(3), "32", Checkpoint, 1)
    assert producer.sent == []


class FailingSource(InMemorySource):
    def __init__(self, error: Exception) -> None:
        super().__init__(1)
        self.error = error

    async def head(self, _: str) -> int:
        raise self.error


@pytest.mark.parametrize(("error", "connected"), [(Unavailable("no answer"), 1), (KafkaConnectionError("away"), 0)])
async def test_a_relay_without_its_store_does_not_say_that_kafka_is_away(
    tmp_path: Path, error: Exception, connected: int
) -> None:
    checkpoints = files.FileCheckpoints(tmp_path / "checkpoint.json")
    relay = Relay(FailingSource(error), "32", KafkaConnection("127.0.0.1:1"), checkpoints)
    gauge = CONNECTED.labels("attendance", "32")
    gauge.set(1)
    await relay._run_once()
    assert REGISTRY.get_sample_value(CONNECTED._name, {"service": "attendance", "region": "32"}) == connected
