"""What the relay decides without a broker: where a record goes, where to resume, who may send."""

import asyncio
from pathlib import Path

import pytest
from aiokafka.producer.producer import DefaultPartitioner
from aiokafka.structs import ConsumerRecord, RecordMetadata, TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.facts.heartbeat import Beat
from shared.event_store.database import Unavailable
from shared.event_store.store import Settled
from shared.kafka import broker, dead_letters
from shared.relay import checkpoint, heartbeat, sender
from shared.relay.checkpoint import Mark
from shared.relay.log_tail import Tail, resume, shortened
from shared.relay.relay import remade
from shared.relay.sender import Landed
from tests.support.example_facts import at
from tests.support.in_memory_source import BEATS, PARTITIONS, TOPIC, Feed, due, until

KEYS = [stored.key for stored in Feed(60).stored]


def test_an_opd_goes_where_every_kafka_client_would_put_it() -> None:
    theirs = [DefaultPartitioner()(key.encode(), [0, 1, 2], [0, 1, 2]) for key in KEYS]
    assert [broker.partition_of(key, 3) for key in KEYS] == theirs


def test_a_region_has_its_event_topics_for_ever_and_its_view_for_35_days() -> None:
    topics = broker.topics_of("3271")
    kept = {name for name, settings in topics.items() if settings["retention.ms"] == "-1"}
    assert kept == {f"piket.3271.{name}.v1" for name in ("policy", "roster", "attendance", "reporting", "dead-letter")}
    assert topics["piket.3271.coverage.v1"].items() >= {
        ("cleanup.policy", "compact,delete"),
        ("retention.ms", "3024000000"),
    }


def test_a_missing_topic_is_named_with_the_way_to_create_it() -> None:
    sizes = dict.fromkeys(broker.topics_of("32"), 3)
    del sizes["piket.32.roster.v1"]
    said = str(broker.missing(sizes, ["32"], 3))
    assert "no topic piket.32.roster.v1." in said
    assert "piket topics create" in said


def test_a_topic_with_another_number_of_partitions_is_named() -> None:
    sizes = dict.fromkeys(broker.topics_of("32"), 3) | {"piket.32.roster.v1": 12}
    assert "topic piket.32.roster.v1 has 12 partitions, not 3." in str(broker.missing(sizes, ["32"], 3))


def test_a_mark_is_found_again_by_the_next_relay(tmp_path: Path) -> None:
    checkpoint.write(tmp_path / "mark", Mark(sequence=7, offsets={0: 3, 2: 4}))
    assert checkpoint.read(tmp_path / "mark") == Mark(sequence=7, offsets={0: 3, 2: 4})


@pytest.mark.parametrize("torn", [b"", b'{"sequence": 7, "off', b"\x00" * 40, b'{"sequence": "many"}'], ids=repr)
def test_a_torn_mark_begins_again_and_loses_nothing(tmp_path: Path, torn: bytes) -> None:
    (tmp_path / "mark").write_bytes(torn)
    assert checkpoint.read(tmp_path / "mark") == Mark()


async def test_a_second_relay_waits_for_the_lease_and_takes_over(tmp_path: Path) -> None:
    async def hold() -> None:
        async with checkpoint.lease(tmp_path / "mark"):
            order.append("second")

    order: list[str] = []
    async with checkpoint.lease(tmp_path / "mark"):
        second = asyncio.create_task(hold())
        await asyncio.sleep(0.3)
        order.append("first")
    await second
    assert order == ["first", "second"]


async def test_everything_is_sent_anew_only_while_no_relay_runs(tmp_path: Path) -> None:
    path = tmp_path / "mark"
    checkpoint.write(path, Mark(sequence=7))
    async with checkpoint.lease(path):
        assert not checkpoint.forget(path)
        assert checkpoint.read(path).sequence == 7
    assert checkpoint.forget(path)
    assert checkpoint.read(path) == Mark()


@pytest.mark.parametrize(
    ("tails", "after"),
    [
        ({0: Tail(end=5), 1: Tail(end=5)}, 10),  # the log is as the mark says
        ({0: Tail(end=9), 1: Tail(end=5)}, 10),  # sent but not marked: repeats
        ({0: Tail(), 1: Tail()}, 0),  # made anew
        ({0: Tail(end=3, last=6), 1: Tail(end=5)}, 6),  # a partition lost its end
        ({0: Tail(end=3, last=6), 1: Tail(end=2, last=4)}, 4),  # both did
        ({0: Tail(end=1, last=11), 1: Tail(end=5, last=10)}, 0),  # made anew, and already written to
        ({0: Tail(end=5)}, 0),  # made anew with fewer partitions
    ],
)
def test_sending_resumes_where_the_log_ends(tails: dict[int, Tail], after: int) -> None:
    assert resume(Mark(sequence=10, offsets={0: 5, 1: 5}), tails) == after


@given(st.integers(1, 80), st.lists(st.integers(0, 80), min_size=PARTITIONS, max_size=PARTITIONS))
def test_whatever_end_a_log_loses_what_is_sent_again_makes_it_whole(count: int, kept: list[int]) -> None:
    full = due(Feed(count).stored)
    marked = Mark(sequence=count, offsets={place: len(log) for place, log in full.items()})
    left = {place: log[: kept[place]] for place, log in full.items()}
    tails = {place: Tail(end=len(log), last=log[-1] if log else 0) for place, log in left.items()}
    after = resume(marked, tails)
    assert {
        place: left[place] + [n for n in log if n > after and n not in left[place]] for place, log in full.items()
    } == full
    assert bool(shortened(marked, tails)) == (left != full)


def test_records_that_land_before_the_mark_tell_of_a_topic_made_anew() -> None:
    before = Mark(sequence=10, offsets={0: 5})
    assert remade(before, {0: Landed(0, 3)})
    assert not remade(before, {0: Landed(5, 8), 1: Landed(0, 2)})


def test_an_acknowledgement_that_names_no_place_is_none() -> None:
    where = RecordMetadata(TOPIC, 0, TopicPartition(TOPIC, 0), -1, None, 0, 0)
    with pytest.raises(sender.Unplaced, match=TOPIC):
        sender._grown(None, where, 3)


async def test_a_page_is_packed_by_partition_in_position_order() -> None:
    producer = broker.producer("127.0.0.1:9")
    page = Feed(900).stored
    packed: dict[int, int] = dict.fromkeys(range(PARTITIONS), 0)
    for place, batch in sender.pack(producer, page, PARTITIONS):
        assert batch.closed()
        assert batch.size() <= broker.BATCH_BYTES
        packed[place] += batch.record_count()
    await broker.discard(producer)
    assert packed == {place: len(sequences) for place, sequences in due(Feed(900).stored).items()}


def test_a_dead_letter_keeps_the_bytes_and_tells_where_they_stood() -> None:
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


class Wire:
    """A producer that keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes, Beat]] = []

    async def send_and_wait(self, topic: str, value: bytes, key: bytes) -> None:
        self.sent.append((topic, key, Beat.model_validate_json(value)))


async def test_a_relay_vouches_for_an_instant_only_when_all_before_it_is_sent() -> None:
    wire, marked = Wire(), [Mark(sequence=2, offsets={0: 2})]
    beating = asyncio.create_task(heartbeat.beat(wire, Feed(3), "32", lambda: marked[-1]))
    await asyncio.sleep(0.1)
    before = list(wire.sent)
    marked.append(Mark(sequence=4, offsets={0: 2, 1: 2}))
    await until(lambda: bool(wire.sent), 5)
    beating.cancel()
    topic, key, told = wire.sent[0]
    assert (before, topic, key, told.service) == ([], BEATS, b"attendance", "attendance")
    assert (told.sequence, told.offsets, told.at) == (4, {0: 2, 1: 2}, at("08:16"))


class Away(Feed):
    async def settled(self, _: str) -> Settled:
        raise Unavailable("The database did not answer")


async def test_a_relay_whose_store_is_away_vouches_for_nothing() -> None:
    wire = Wire()
    with pytest.raises(Unavailable):
        await heartbeat.beat(wire, Away(3), "32", Mark)
    assert wire.sent == []
