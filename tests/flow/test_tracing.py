"""Follows a check-in through all services in one process; checks that spans hold nothing of a person."""

import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from tests.flow.in_process_deployment import in_process_deployment
from tests.support.example_facts import THURSDAY, at
from tests.support.office_setup import OPD, REGION, require_success
from tests.support.traces import Traces

TAP = "POST /attendance/v1/{region}/{tap}"


async def test_spans_of_requests_name_routes_and_no_person(traces: Traces, tmp_path: Path) -> None:
    async with in_process_deployment(tmp_path) as (world, _):
        office, dewi = world.office, uuid4()
        world.set_clock(at("07:30", THURSDAY))
        office.people["Dewi"] = dewi
        require_success(await office.tap("Dewi"))
        headers = {"authorization": f"Bearer {office.token('Dewi')}"}
        await office.http.get(f"/roster/v1/{REGION}/opd/{OPD}/people/{dewi}?nip=198203042006041001", headers=headers)
        await office.http.get(f"/roster/v1/{REGION}/people/{dewi}/nowhere", headers=headers)
        await office.http.get("/healthz")
    assert len(traces.named(TAP)) == 1
    assert len(traces.finished) == 3
    sent = "".join(span.to_json() for span in traces.finished)
    assert [secret for secret in (str(dewi), "198203042006041001", "client_id", "INSIDE") if secret in sent] == []


async def test_a_refused_body_sends_none_of_its_text(traces: Traces, tmp_path: Path) -> None:
    async with in_process_deployment(tmp_path) as (world, _):
        world.office.people["Dewi"] = uuid4()
        answer = await world.office.tap("Dewi", evidence={"kind": "198203042006041001"})
    assert answer.status_code == 422
    assert (traces.finished[0].attributes or {})["http.response.status_code"] == 422
    assert "198203042006041001" not in traces.finished[0].to_json()


async def test_without_tracing_requests_make_no_span(tmp_path: Path) -> None:
    recorded = Traces()  # not set as the provider
    async with in_process_deployment(tmp_path) as (world, deployment):
        world.set_clock(at("07:30", THURSDAY))
        world.office.people["Dewi"] = uuid4()
        require_success(await world.office.tap("Dewi"))
        assert await deployment.stores["attendance"].read_traceparents(REGION, 1, 10) == {}
    assert recorded.finished == []


OFF = """
import sys, threading
from deploy.operations.gateway import create_app
from services.reporting.worker import __main__
from shared.tracing.setup import configure_tracing
configure_tracing("app")
loaded = sorted(name for name in sys.modules if name.startswith(("opentelemetry.sdk", "opentelemetry.exporter")))
print(loaded, [thread.name for thread in threading.enumerate()])
"""


@pytest.mark.processes
@pytest.mark.parametrize(("endpoint", "is_loaded"), [("", False), ("http://127.0.0.1:9", True)])
def test_the_sdk_and_its_thread_are_there_only_with_an_endpoint(*, endpoint: str, is_loaded: bool) -> None:
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "PYTHONPATH": str(Path(__file__).parents[2])}
    run = subprocess.run([sys.executable, "-c", OFF], env=environment, capture_output=True, text=True, check=True)
    assert ("opentelemetry.sdk" in run.stdout) == is_loaded
    assert ("OtelBatchSpan" in run.stdout) == is_loaded
