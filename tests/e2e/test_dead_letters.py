"""An operator replays and discards dead letters on real Kafka; a killed service loses neither event nor decision."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from typer.testing import CliRunner

from deploy.cli.__main__ import cli
from shared.domain.envelope import topic
from shared.web.sign_in import form_token
from tests.e2e.deployment import Deployment
from tests.support.example_facts import THURSDAY, at
from tests.support.office_setup import REGION
from tests.support.story import watermark_of
from tests.support.waiting import read_until, wait_until

pytestmark = pytest.mark.parts

LETTERS = f"/reporting/v1/{REGION}/dead-letters"
ATTENDANCE = topic(REGION, "attendance")
WRONG_KEY = f"{REGION}/BKD".encode()
ALL_WELL = "Semua berjalan: 3 proses"
BAD_BYTES = b"\xff\x00 no json"


async def test_a_record_with_a_wrong_key_is_replayed_bad_bytes_are_discarded(deployment: Deployment) -> None:
    watermark = await tap_without_relay(deployment)
    body = await last_tap(deployment)
    await send(deployment, [body, BAD_BYTES])
    by_code = {letter["unreadable"]: path(letter) for letter in await open_letters(deployment, 2)}
    refused = await post(deployment, f"{by_code['NOT_JSON']}/replay")
    assert (refused.status_code, "still cannot read" in refused.json()["errors"][0]["detail_en"]) == (422, True)
    assert "relay tidak menjawab" in await operators_page(deployment)
    assert (await replay_on_page(deployment, by_code["WRONG_KEY"])).status_code == 303
    # The relay is stopped, so only the replay can have brought the tap to the view.
    row = await deployment.row(THURSDAY, watermark)
    assert row.units["FRONT"].posts["LOKET-1"].known[:2] == ((480, 1), (540, 2))
    discarded = run_piket(deployment, "discard", position(by_code["NOT_JSON"]), "--reason", "BROKEN_BYTES")
    assert "was discarded" in discarded
    assert "no open dead letter" in run_piket(deployment, "list")
    deployment.stack.start("relay")
    records = await read_until(lambda: deployment.kafka_records("reporting"), lambda rows: len(rows) >= 2, every=0.2)
    types = [event["type"].split(".")[3] for event in await deployment.stored_events("reporting")]
    assert (len(records), types) == (2, ["dead-letter-replayed", "dead-letter-discarded"])
    read_page = partial(operators_page, deployment)
    assert ALL_WELL in await read_until(read_page, lambda page: ALL_WELL in page, every=0.5)


async def test_a_service_killed_between_sending_and_recording_loses_nothing(sqlite_deployment: Deployment) -> None:
    deployment = sqlite_deployment
    watermark = await tap_without_relay(deployment)
    await send(deployment, [await last_tap(deployment)])
    (letter,) = await open_letters(deployment, 1)
    before = len(await deployment.kafka_records("attendance"))
    # A lock on the store holds the service exactly between sending and recording.
    lock = sqlite3.connect(deployment.stack.folder / "reporting.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    request = asyncio.create_task(post(deployment, f"{path(letter)}/replay", "replay-01"))

    async def is_sent() -> bool:
        return len(await deployment.kafka_records("attendance")) > before

    await wait_until(is_sent, every=0.1)
    deployment.stack.kill("app")
    lock.close()
    with suppress(httpx.TransportError):
        await request
    deployment.stack.start("app")
    deployment.stack.wait_ready()
    assert (await deployment.stored_events("reporting"), len(await open_letters(deployment, 1))) == ([], 1)
    assert (await post(deployment, f"{path(letter)}/replay", "replay-01")).status_code == 201
    row = await deployment.row(THURSDAY, watermark)
    assert row.units["FRONT"].posts["LOKET-1"].known[:2] == ((480, 1), (540, 2))
    assert len(await deployment.stored_events("reporting")) == 1


async def tap_without_relay(deployment: Deployment) -> dict[str, int]:
    """Set up the office with Dewi at her post, stop the relay, and let Asep tap; return the position of his tap."""
    await deployment.office.prepare(THURSDAY)
    deployment.stack.set_clock(at("08:00"))
    dewi = await deployment.office.tap("Dewi")
    await deployment.row(THURSDAY, watermark_of(dewi.headers["piket-position"]))
    deployment.stack.stop("relay")
    deployment.stack.set_clock(at("09:00"))
    asep = await deployment.office.tap("Asep")
    return watermark_of(asep.headers["piket-position"])


async def last_tap(deployment: Deployment) -> bytes:
    """Return the bytes of the last stored tap."""
    headers = {"authorization": f"Bearer {deployment.stack.issuer.token('agus')}"}
    answer = await deployment.office.http.get(f"/attendance/v1/{REGION}/feed", params={"after": 1}, headers=headers)
    return answer.content.removeprefix(b"[").removesuffix(b"]")


async def send(deployment: Deployment, values: Sequence[bytes]) -> None:
    """Publish records with the key of another OPD, beside the relay."""
    async with AIOKafkaProducer(bootstrap_servers=deployment.kafka.bootstrap) as producer:
        for value in values:
            await producer.send_and_wait(ATTENDANCE, value, key=WRONG_KEY)


async def open_letters(deployment: Deployment, count: int) -> list[dict[str, Any]]:
    headers = {"authorization": f"Bearer {deployment.stack.issuer.token('wahyu')}"}

    async def read() -> list[dict[str, Any]]:
        rows = (await deployment.office.http.get(LETTERS, headers=headers)).raise_for_status().json()
        return [row for row in rows if row["decision"] is None]

    return await read_until(read, lambda rows: len(rows) >= count, every=0.2)


async def operators_page(deployment: Deployment) -> str:
    headers = {"authorization": f"Bearer {deployment.stack.issuer.token('wahyu')}"}
    return (await deployment.office.http.get("/operasi", headers=headers)).raise_for_status().text


async def replay_on_page(deployment: Deployment, where: str) -> httpx.Response:
    """Sign in by the link, and send the form of the page as a browser does."""
    http = deployment.office.http
    token = deployment.stack.issuer.token("wahyu")
    await http.get("/masuk", params={"token": token, "ke": "/operasi"})
    topic_name, partition, offset = position(where).split("/")
    form = {"tindakan": "kirim-ulang", "topic": topic_name, "partition": partition, "offset": offset}
    headers = {"sec-fetch-site": "same-origin"}
    form |= {"kunci": "kunci-0001", "csrf": form_token(token)}
    answer = await http.post("/operasi", data=form, headers=headers)
    http.cookies.clear()
    return answer


async def post(deployment: Deployment, where: str, key: str = "") -> httpx.Response:
    return await deployment.office.post(where, deployment.stack.issuer.token("wahyu"), key=key)


def path(letter: dict[str, Any]) -> str:
    return f"{LETTERS}/{letter['topic']}/{letter['partition']}/{letter['offset']}"


def position(letter_path: str) -> str:
    return letter_path.removeprefix(f"{LETTERS}/")


def run_piket(deployment: Deployment, *arguments: str) -> str:
    """Run `piket dead-letters` in this process with the settings that the demo prints."""
    environment = {"PIKET_GATEWAY": deployment.stack.url, "PIKET_TOKEN": deployment.stack.issuer.token("wahyu")}
    result = CliRunner().invoke(cli, ["dead-letters", *arguments], env=environment)
    assert result.exit_code == 0, result.output
    return result.output
