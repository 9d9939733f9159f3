"""The operators' page: what it shows of processes, letters, outages and alerts, and its form."""

import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from re import findall, sub
from typing import Any

import pytest
import pytest_asyncio

from shared.event_store.database import Unavailable
from tests.support.dead_letter_site import HEALTHY, TOPIC, DeadLetterSite, dead_letter_site
from tests.support.example_facts import at
from tests.support.operations_faults import OUTAGE, WRONG_KEY
from tests.support.operations_form import PAGE, SAME_SITE, send_form

NO_JSON = "event: Invalid JSON: expected value"


@pytest_asyncio.fixture
async def site(tmp_path: Path) -> AsyncIterator[DeadLetterSite]:
    async with dead_letter_site(tmp_path) as site:
        yield site


async def headline(site: DeadLetterSite, lang: str = "id") -> str:
    (text,) = findall(r"<h1[^>]*>\s*(.*?)\s*</h1>", (await site.get(f"{PAGE}?lang={lang}")).text)
    return str(text)


async def test_when_all_is_well_the_page_says_so_in_both_languages(site: DeadLetterSite) -> None:
    assert await headline(site) == "Semua berjalan: 3 proses"
    assert await headline(site, "en") == "Everything is working: 3 processes"


async def test_a_process_that_does_not_answer_is_never_shown_as_working(site: DeadLetterSite) -> None:
    site.servers.metrics["worker:3/metrics"] = None
    text = (await site.get(PAGE)).text
    assert "Tidak menjawab; terlihat sejak 08.00 WIB." in text
    assert await headline(site) == "worker tidak menjawab"
    site.servers.metrics["worker:3/metrics"] = "# TYPE piket_build_info gauge\n"
    assert await headline(site, "en") == "The state of 3 parts is unknown"


async def test_an_answer_that_is_no_metrics_counts_as_none(site: DeadLetterSite) -> None:
    site.servers.metrics["relay:2/metrics"] = "piket_relay_connected{ oops"
    assert await headline(site, "en") == "relay: no answer"
    connected = 'connected{service="roster",region="32"}'
    site.servers.metrics["relay:2/metrics"] = HEALTHY["relay:2/metrics"].replace(f"{connected} 1", f"{connected} 0")
    assert await headline(site) == "2 bagian terhenti"


@pytest.mark.parametrize(
    ("lang", "first", "second"),
    [
        ("id", "Kafka tidak dapat dihubungi", "Peristiwa tetap tersimpan dan dikirim begitu Kafka menjawab."),
        ("en", "Kafka cannot be reached", "Events stay stored, and are sent as soon as Kafka answers."),
    ],
)
async def test_when_no_source_reaches_kafka_the_headline_names_kafka(
    site: DeadLetterSite, lang: str, first: str, second: str
) -> None:
    site.servers.metrics["relay:2/metrics"] = sub(r"(_connected{.*}) 1", r"\1 0", HEALTHY["relay:2/metrics"])
    assert first != await headline(site, lang), "this process reads Kafka, so only the relay is cut off"
    site.records.is_away = True
    assert await headline(site, lang) == first
    assert second in (await site.get(f"{PAGE}?lang={lang}")).text
    site.servers.metrics["worker:3/metrics"] = None
    assert await headline(site, lang) == first, "a worker ends without Kafka"


async def test_without_a_file_of_targets_nothing_is_claimed(site: DeadLetterSite) -> None:
    site.servers.targets.unlink()
    assert await headline(site) == "Keadaan proses tidak diketahui"
    site.servers.targets.write_text("not json")
    assert "PIKET_TARGETS" in (await site.get(PAGE)).text
    site.servers.targets.write_text("[]")
    assert "tidak memuat satu proses pun" in (await site.get(PAGE)).text


async def test_late_parts_are_counted(site: DeadLetterSite) -> None:
    site.servers.metrics["app:1/metrics/32"] = 'piket_view_behind_seconds{region="32"} 20\n'
    assert await headline(site) == "2 bagian tertinggal"
    assert "Periksa Kafka, relay, dan worker." in (await site.get(PAGE)).text


async def test_alerts_and_outages_are_shown_with_the_reader_s_own_token(site: DeadLetterSite) -> None:
    alert: dict[str, Any] = {
        "labels": {"alertname": "RelayBehind", "severity": "page"},
        "annotations": {"summary": "Penerus tertinggal", "summary_en": "A relay is behind"},
        "startsAt": "2025-11-06T07:58:00+07:00",
    }
    elsewhere = {"alertname": "ServiceUncovered", "severity": "page", "region": "3271"}
    here = {"alertname": "PolicyBreached", "severity": "ticket", "region": "32"}
    labels = [here, {"alertname": "Watchdog", "severity": "none"}, elsewhere]
    site.servers.alerts = [{**alert, "labels": of} for of in labels] + [alert]
    site.servers.outages = [OUTAGE]
    text = (await site.get(f"{PAGE}?lang=en")).text
    assert re.findall(r"<b>(\w+)</b><p>A relay is behind", text) == ["RelayBehind", "PolicyBreached"]
    assert ("Gangguan pagi" in text, "2 OPD" in text) == (True, True)
    assert site.servers.tokens[0].startswith("Bearer eyJ")


@pytest.mark.parametrize(
    ("count", "indonesian", "english"),
    [
        (1, "Semua proses berjalan; 1 peringatan menyala", "All processes work; 1 alert fires"),
        (4, "Semua proses berjalan; 4 peringatan menyala", "All processes work; 4 alerts fire"),
    ],
)
async def test_alerts_that_fire_are_in_the_headline_before_the_letters(
    site: DeadLetterSite, count: int, indonesian: str, english: str
) -> None:
    alert = {"labels": {"alertname": "PolicyBreached"}, "annotations": {}, "startsAt": "2025-11-06T07:58:00+07:00"}
    watchdog = {**alert, "labels": {"alertname": "Watchdog", "severity": "none"}}
    site.servers.alerts = [alert] * count + [watchdog]
    site.records.put_aside(site.stored[0], WRONG_KEY, at("07:41"))
    assert (await headline(site), await headline(site, "en")) == (indonesian, english)
    site.records.is_away = True
    assert await headline(site) == "Semua proses berjalan, tetapi surat mati tidak dapat dibaca"
    site.servers.metrics["app:1/metrics/32"] = 'piket_view_behind_seconds{region="32"} 20\n'
    assert await headline(site) == "2 bagian tertinggal"


async def test_servers_that_do_not_answer_are_named_and_the_page_still_comes(site: DeadLetterSite) -> None:
    site.servers.alerts = site.servers.outages = None
    site.records.is_away = True
    text = (await site.get(PAGE)).text
    for sentence in (
        "Alertmanager tidak menjawab.",
        "Layanan presensi tidak menjawab.",
        "Kafka tidak menjawab.",
    ):
        assert sentence in text
    assert await headline(site) == "Semua proses berjalan, tetapi surat mati tidak dapat dibaca"


async def test_a_broker_that_hangs_does_not_hold_the_page(site: DeadLetterSite) -> None:
    site.records.put_aside(site.stored[0], WRONG_KEY, at("07:41"))
    await site.get(PAGE)
    site.records.is_frozen = True
    text = (await site.get(PAGE)).text
    assert ("Kafka tidak menjawab." in text, "1 surat mati terbuka" in text) == (True, True)
    for part in ("Penyimpanan pelaporan", "<form"):
        assert part not in text


async def test_without_its_own_store_the_page_shows_processes_and_letters_but_calls_none_open(
    site: DeadLetterSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise Unavailable("no database")

    site.records.put_aside(site.stored[0], WRONG_KEY, at("07:41"))
    monkeypatch.setattr(site.app.state.store, "states", away)
    text = (await site.get(PAGE)).text
    for part in ("Penyimpanan pelaporan tidak menjawab.", f"{TOPIC}/1/0", "worker:3"):
        assert part in text
    for part in ("Kafka tidak menjawab.", "surat mati terbuka", "Tidak ada. Setiap rekaman", "<form"):
        assert part not in text


async def test_without_an_alertmanager_the_page_says_that_none_is_configured(tmp_path: Path) -> None:
    async with dead_letter_site(tmp_path, has_alertmanager=False) as site:
        assert "Alertmanager belum diatur" in (await site.get(PAGE)).text


async def test_the_form_replays_once_and_says_so(site: DeadLetterSite) -> None:
    site.records.put_aside(site.stored[0], WRONG_KEY, at("07:41"))
    assert await headline(site) == "Semua berjalan; 1 surat mati menunggu keputusan"
    answers = [await send_form(site) for _ in range(2)]
    assert [(a.status_code, a.headers["location"]) for a in answers] == [(303, "/operasi?tersimpan=1#surat-mati")] * 2
    assert (len(site.records.sent), await site.facts()) == (1, ["dead-letter-replayed"])
    text = (await site.get(f"{PAGE}?tersimpan=1")).text
    assert ("Keputusan tersimpan." in text, "dikirim ulang" in text) == (True, True)


async def test_the_form_discards_with_its_reason(site: DeadLetterSite) -> None:
    site.records.put_aside(b"\xff", NO_JSON, at("07:41"))
    assert (await send_form(site, tindakan="buang", alasan="TEST_RECORD")).status_code == 303
    assert (await site.facts(), await headline(site)) == (["dead-letter-discarded"], "Semua berjalan: 3 proses")


REFUSED: Mapping[str, tuple[Mapping[str, str], int, str]] = {
    "bytes that cannot be read": ({}, 422, "masih tidak terbaca oleh program ini"),
    "a letter that does not exist": ({"offset": "7"}, 404, f"Tidak ada surat mati di {TOPIC}/1/7 wilayah 32."),
    "an unknown action": ({"tindakan": "hapus"}, 422, "Formulir tidak lengkap"),
    "a form without a key": ({"kunci": ""}, 422, "Formulir tidak lengkap"),
    "another region's letter": (
        {"topic": "piket.33.attendance.v1"},
        404,
        "Tidak ada surat mati di piket.33.attendance.v1/1/0 wilayah 32.",
    ),
}


@pytest.mark.parametrize(("fields", "status", "sentence"), REFUSED.values(), ids=REFUSED)
async def test_a_refusal_is_shown_on_the_page_and_stores_nothing(
    site: DeadLetterSite, fields: Mapping[str, str], status: int, sentence: str
) -> None:
    site.records.put_aside(b"\xff", NO_JSON, at("07:41"))
    answer = await send_form(site, SAME_SITE, **fields)
    assert (answer.status_code, sentence in answer.text, await site.facts()) == (status, True, [])


async def test_a_key_that_was_used_for_another_letter_is_refused(site: DeadLetterSite) -> None:
    for value in (b"\xff", b"\xfe"):
        site.records.put_aside(value, NO_JSON, at("07:41"))
    await send_form(site, tindakan="buang")
    answer = await send_form(site, tindakan="buang", offset="1")
    assert (answer.status_code, await site.facts()) == (422, ["dead-letter-discarded"])


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({}, 403),
        ({"origin": "http://127.0.0.1"}, 303),
        (SAME_SITE, 303),
    ],
)
async def test_a_form_of_another_site_decides_nothing(
    site: DeadLetterSite, headers: Mapping[str, str], status: int
) -> None:
    site.records.put_aside(site.stored[0], WRONG_KEY, at("07:41"))
    answer = await send_form(site, headers)
    assert (answer.status_code, len(await site.facts())) == (status, int(status == 303))


async def test_the_page_is_never_cached_and_keeps_no_token(site: DeadLetterSite) -> None:
    answer = await site.get(PAGE)
    assert (answer.headers["cache-control"], site.token()[:20] in answer.text) == ("no-store", False)
