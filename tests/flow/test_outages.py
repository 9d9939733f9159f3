"""Outages over HTTP: recorded by the personnel agency, listed for operators."""

from pathlib import Path

import httpx

from deploy.local.token_issuer import AUDIENCE, ISSUER, Issuer
from services.attendance.app import assemble
from shared.event_store.database import Database
from shared.identity import Identity
from tests.support.example_facts import at
from tests.support.operations_faults import OUTAGE

PATH = "/attendance/v1/32/outages"


async def test_an_outage_is_recorded_for_all_opd_and_listed_once_for_operators_only(tmp_path: Path) -> None:
    issuer = Issuer(tmp_path, "demo")
    identity = Identity.from_jwks(issuer.jwks(), ISSUER, AUDIENCE)
    app = assemble(Database(f"sqlite://{tmp_path}/attendance.db"), identity, lambda: at("08:00"))
    bearer = {name: {"authorization": f"Bearer {issuer.token(name)}"} for name in ("sri", "wahyu")}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://piket") as http,
    ):
        posted = await http.post(PATH, json=OUTAGE, headers={**bearer["sri"], "idempotency-key": "outage-01"})
        listed = await http.get(PATH, headers=bearer["wahyu"])
        refused = await http.get(PATH, headers=bearer["sri"])
    assert (posted.status_code, listed.status_code, refused.status_code) == (201, 200, 403)
    assert [(outage["outage"], outage["opds"]) for outage in listed.json()] == [("GANGGUAN-PAGI", ["BKD", "DINKES"])]
