"""An operator decides about dead letters over HTTP: listed, read, replayed, discarded, and what is refused."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from services.reporting.dead_letters.records import PAGE_LETTERS
from shared.domain.envelope import decode
from shared.projection.owner_feed import OwnerFeed
from shared.settings import Settings
from tests.support.dead_letter_site import LETTERS, TOPIC, DeadLetterSite, InMemoryRecord, dead_letter_site
from tests.support.example_facts import at
from tests.support.waiting import wait_until

WRONG_KEY = "/piket/32/attendance with the key 32/DPMPTSP does not belong on this topic"
NO_JSON = "event: Invalid JSON: expected value at line 1 column 1"


@pytest_asyncio.fixture
async def site(tmp_path: Path, database_url: str) -> AsyncIterator[DeadLetterSite]:
    async with dead_letter_site(tmp_path, database_url) as site:
        yield site


async def test_letters_are_listed_once_for_each_position_the_newest_first(site: DeadLetterSite) -> None:
    site.records.put_aside(site.stored[0], WRONG_KEY, at("07:41"))
    site.records.put_aside(b"\xff", NO_JSON, at("07:43"))
    site.records.write_letter(InMemoryRecord(1, b"\xff"), NO_JSON, at("07:50"))
    rows = (await site.get(LETTERS)).json()
    assert [(row["offset"], row["unreadable"], row["letters"], row["decision"]) for row in rows] == [
        (1, "NOT_JSON", 2, None),
        (0, "WRONG_KEY", 1, None),
    ]
    assert (rows[0]["first"], rows[0]["last"]) == ("2025-11-06T00:43:00Z", "2025-11-06T00:50:00Z")


async def test_a_letter_that_arrives_later_is_listed_and_a_new_topic_begins_again(
    site: DeadLetterSite,
) -> None:
    for value in (b"a", b"b"):
        site.records.put_aside(value, NO_JSON, at("07:41"))
        await site.get(LETTERS)
    assert len((await site.get(LETTERS)).json()) == 2
    del site.records.letters["32"][1:]
    assert [row["offset"] for row in (await site.get(LETTERS)).json()] == [0]


async def test_many_letters_are_read_page_by_page_each_once(site: DeadLetterSite) -> None:
    for _ in range(2 * PAGE_LETTERS + 1):
        site.records.put_aside(b"\xff", NO_JSON, at("07:41"))
    for pages_read in (3, 4):
        assert len((await site.get(LETTERS)).json()) == 2 * PAGE_LETTERS + 1
        assert site.records.pages_read == pages_read


async def test_a_record_with_a_wrong_key_is_sent_with_its_right_one_and_recorded(site: DeadLetterSite) -> None:
    path = site.records.put_aside(site.stored[1], WRONG_KEY, at("07:43"))
    answer = await site.post(f"{path}/replay")
    assert answer.status_code == 201
    assert site.records.sent == [(TOPIC, "32/DPMPTSP", site.stored[1])]
    assert (await site.get(LETTERS)).json()[0]["decision"] == "dead-letter-replayed"
    assert await site.facts() == ["dead-letter-replayed"]


async def test_a_repeated_replay_sends_and_records_nothing_more(site: DeadLetterSite) -> None:
    path = site.records.put_aside(site.stored[0], WRONG_KEY, at("07:41"))
    answers = [await site.post(f"{path}/replay", key=key) for key in ("key-00001", "key-00001", "key-00002")]
    assert [answer.status_code for answer in answers] == [201, 201, 200]
    assert (len(site.records.sent), await site.facts()) == (1, ["dead-letter-replayed"])


async def test_the_decision_keeps_who_made_it_and_no_byte_of_the_record(site: DeadLetterSite) -> None:
    path = site.records.put_aside(b'{"name":"Dewi Contoh"}', NO_JSON, at("07:41"))
    await site.post(f"{path}/discard", {"reason": "TEST_RECORD"})
    ((principal, _),) = await site.database.read("SELECT principal, answer FROM command_key")
    ((body,),) = await site.database.read("SELECT body FROM event")
    assert (principal, "Dewi" in body) == ("user:wahyu", False)
    fact = decode(body.encode()).data.model_dump()
    assert (fact["offset"], fact["unreadable"], fact["reason"]) == (0, "NOT_JSON", "TEST_RECORD")


REFUSED = {
    "bytes that are no event": (b"\xff\x00 no json", "This program still cannot read the record"),
    "a null value": (None, "This program still cannot read the record"),
    "a forged event": (b"forged", "is not equal to the event that its owner has stored"),
}


@pytest.mark.parametrize(("value", "reason"), REFUSED.values(), ids=REFUSED)
async def test_what_cannot_be_replayed_says_why_and_can_be_discarded(
    site: DeadLetterSite, value: bytes | None, reason: str
) -> None:
    forged = site.stored[0].replace(b'"strength":"CONFIRMED"', b'"strength":"CLAIMED"')
    path = site.records.put_aside(forged if value == b"forged" else value, NO_JSON, at("07:41"))
    answer = await site.post(f"{path}/replay")
    assert (answer.status_code, reason in answer.json()["errors"][0]["detail_en"]) == (422, True)
    assert (site.records.sent, await site.facts()) == ([], [])
    discarded = await site.post(f"{path}/discard", {"reason": "BROKEN_BYTES"}, key="key-00002")
    assert (discarded.status_code, await site.facts()) == (201, ["dead-letter-discarded"])


async def test_an_event_of_another_region_is_not_sent(site: DeadLetterSite) -> None:
    foreign = site.stored[0].replace(b"/piket/32/", b"/piket/33/")
    path = site.records.put_aside(foreign, WRONG_KEY, at("07:41"))
    assert (await site.post(f"{path}/replay")).status_code == 422
    assert site.records.sent == []


async def test_a_record_that_was_replaced_at_its_position_is_gone(site: DeadLetterSite) -> None:
    path = site.records.put_aside(site.stored[0], WRONG_KEY, at("07:41"))
    site.records.records[TOPIC, 1][0].value = site.stored[1]
    answer = await site.post(f"{path}/replay")
    assert (answer.status_code, "no longer at its position" in answer.json()["errors"][0]["detail_en"]) == (422, True)
    read = await site.get(path)
    assert (read.status_code, read.json()["errors"][0]["detail_en"]) == (404, answer.json()["errors"][0]["detail_en"])
    assert site.records.sent == []


async def test_a_discarded_record_may_be_replayed_later_but_a_replayed_one_is_not_discarded(
    site: DeadLetterSite,
) -> None:
    path = site.records.put_aside(site.stored[0], WRONG_KEY, at("07:41"))
    await site.post(f"{path}/discard", {"reason": "TEST_RECORD"}, key="key-00001")
    assert (await site.post(f"{path}/replay", key="key-00002")).status_code == 201
    answer = await site.post(f"{path}/discard", {"reason": "TEST_RECORD"}, key="key-00003")
    assert (answer.status_code, await site.facts()) == (422, ["dead-letter-discarded", "dead-letter-replayed"])


async def test_a_dry_run_sends_and_stores_nothing(site: DeadLetterSite) -> None:
    path = site.records.put_aside(site.stored[0], WRONG_KEY, at("07:41"))
    answer = await site.post(f"{path}/replay?dry_run=true")
    assert (answer.status_code, answer.json()["dry_run"]) == (200, True)
    assert (site.records.sent, await site.facts()) == ([], [])


async def test_who_reads_a_record_is_stored_before_the_bytes_are_read(site: DeadLetterSite) -> None:
    path = site.records.put_aside("Loket é".encode(), NO_JSON, at("07:41"))
    assert (await site.get(path)).json() == {"text": "Loket é", "hex": "4c6f6b657420c3a9"}
    bad = site.records.put_aside(b"\xff", NO_JSON, at("07:41"))
    assert (await site.get(bad)).json() == {"text": None, "hex": "ff"}
    rows = await site.database.read("SELECT principal, topic, record_offset FROM dead_letter_read")
    assert sorted(rows) == [("wahyu", TOPIC, 0), ("wahyu", TOPIC, 1)]


@pytest.mark.parametrize("claims", [{"role": "PERSONNEL"}, {"role": "SUBSCRIBER"}, {"region": "3276"}])
async def test_only_operators_of_the_region_may_see_or_decide(site: DeadLetterSite, claims: dict[str, str]) -> None:
    path = site.records.put_aside(site.stored[0], WRONG_KEY, at("07:41"))
    answers = [
        await site.get(LETTERS, **claims),
        await site.get(path, **claims),
        await site.post(f"{path}/replay", **claims),
        await site.post(f"{path}/discard", {"reason": "TEST_RECORD"}, **claims),
    ]
    assert [answer.status_code for answer in answers] == [403] * 4
    assert (site.records.sent, await site.facts()) == ([], [])
    assert await site.database.read("SELECT * FROM dead_letter_read") == []


async def test_a_position_without_a_letter_is_not_found(site: DeadLetterSite) -> None:
    site.records.records[TOPIC, 1].append(InMemoryRecord(0, site.stored[0]))
    for place in (f"{TOPIC}/1/0", "piket.33.attendance.v1/1/0"):
        answer = await site.post(f"{LETTERS}/{place}/replay")
        (error,) = answer.json()["errors"]
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:piket:problem:not-found")
        assert error["detail"].startswith(f"Tidak ada surat mati di {place} wilayah 32. ")
        assert error["detail_en"].startswith(f"No dead letter at {place} of region 32. ")
        assert "piket dead-letters list --region 32" in error["detail_en"]
    assert site.records.sent == []


async def test_without_a_broker_nothing_is_decided_and_nothing_is_lost(site: DeadLetterSite) -> None:
    path = site.records.put_aside(site.stored[0], WRONG_KEY, at("07:41"))
    site.records.is_away = True
    answers = [await site.get(LETTERS), await site.get(path), await site.post(f"{path}/replay")]
    site.records.is_away = False
    for answer in answers:
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:piket:problem:unreachable")
        assert answer.json()["detail_en"].startswith("Kafka, or the service that owns the event, does not answer.")
        assert answer.headers["retry-after"] == "2"
    assert await site.facts() == []
    assert (await site.post(f"{path}/replay")).status_code == 201


async def test_without_the_owner_s_feed_nothing_is_sent(site: DeadLetterSite, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object) -> list[bytes]:
        raise httpx.ConnectError("no server")

    path = site.records.put_aside(site.stored[0], WRONG_KEY, at("07:41"))
    monkeypatch.setattr(site.app.state.dead_letters, "_feed", away)
    answer = await site.post(f"{path}/replay")
    assert (answer.json()["type"], site.records.sent) == ("urn:piket:problem:unreachable", [])


@pytest.mark.parametrize(
    "settings",
    [
        {"profile": "demo", "token_file": "/nowhere/token-{region}"},
        {"issuer": "https://sso.example", "client_id": "piket-reporting", "client_secret_file": "/nowhere/secret"},
    ],
)
async def test_without_the_secret_of_reporting_nothing_is_sent(
    site: DeadLetterSite, monkeypatch: pytest.MonkeyPatch, settings: Mapping[str, str]
) -> None:
    path = site.records.put_aside(site.stored[0], WRONG_KEY, at("07:41"))
    feed = OwnerFeed(Settings.model_validate(settings))
    monkeypatch.setattr(site.app.state.dead_letters, "_feed", feed.read)
    answer = await site.post(f"{path}/replay")
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:piket:problem:unreachable")
    assert site.records.sent == []


async def test_an_event_that_came_from_the_feed_is_found_there_again(site: DeadLetterSite) -> None:
    record = InMemoryRecord(2, site.stored[1])
    site.records.write_letter(record, "unknown event type 'x'", at("07:41"))
    letter = site.records.letters["32"][0]
    site.records.letters["32"][0] = letter._replace(headers={**letter.headers, "partition": b"-1"})
    assert (await site.post(f"{LETTERS}/{TOPIC}/-1/2/replay")).status_code == 201
    assert site.records.sent == [(TOPIC, "32/DPMPTSP", site.stored[1])]


async def test_a_request_that_ends_between_sending_and_recording_leaves_the_letter_open(site: DeadLetterSite) -> None:
    path = site.records.put_aside(site.stored[0], WRONG_KEY, at("07:41"))
    site.records.after_sending = asyncio.Event()
    request = asyncio.create_task(site.post(f"{path}/replay"))
    await wait_until(lambda: site.records.sent)
    request.cancel()
    await asyncio.wait([request])
    assert (await site.facts(), (await site.get(LETTERS)).json()[0]["decision"]) == ([], None)
    site.records.after_sending = None
    assert (await site.post(f"{path}/replay")).status_code == 201
    assert (len(site.records.sent), await site.facts()) == (2, ["dead-letter-replayed"])
