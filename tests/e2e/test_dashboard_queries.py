"""Every panel has values on a real Prometheus that scrapes every metric of the catalogue."""

import json
import re
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from deploy.local.server_process import Child, free_ports
from deploy.observability.dashboards.layout import one_region
from deploy.observability.dashboards.panel_queries import PanelQuery, panel_queries
from tests.support.panel_answers import all_panels_have_values, empty_panels, panel_values
from tests.support.seeded_exporter import UNSEEN_WHEN_HEALTHY, seeded_exporter
from tests.support.waiting import wait_until

pytestmark = pytest.mark.parts

RULES = Path(__file__).parents[2] / "deploy/observability/rules"
READY_S = 30


@contextmanager
def running_prometheus(folder: Path, without: Collection[str] = ()) -> Iterator[httpx.Client]:
    """Run a Prometheus with the rules of Piket that scrapes the seeded metrics each second."""
    target, port = free_ports(2)
    (folder / "prometheus.json").write_text(json.dumps(configuration(target)))
    options = (f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address=127.0.0.1:{port}")
    with seeded_exporter(target, without):
        server = Child(["prometheus", f"--config.file={folder / 'prometheus.json'}", *options], folder / "log")
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
                server.wait_until(lambda: is_ready(client), READY_S)
                yield client
        finally:
            server.stop(10)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with running_prometheus(tmp_path_factory.mktemp("prometheus")) as client:
        yield client


def configuration(target: int) -> dict[str, object]:
    # Two addresses of one exporter are like two replicas of a process: no gauge may count twice.
    scrape = {"targets": [f"127.0.0.1:{target}", f"localhost:{target}"], "labels": {"process": "app"}}
    return {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(RULES / "*.yaml")],
        "scrape_configs": [{"job_name": "piket", "static_configs": [scrape]}],
    }


def is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/-/ready").is_success
    except httpx.TransportError:
        return False


async def test_every_panel_has_a_value(prometheus: httpx.Client) -> None:
    await all_panels_have_values(prometheus)


async def test_no_panel_is_empty_while_nothing_is_wrong(tmp_path: Path) -> None:
    with running_prometheus(tmp_path, without=UNSEEN_WHEN_HEALTHY) as client:
        await all_panels_have_values(client)


NUMBERS = {
    ("Provinsi", "Layanan kurang petugas"): 8,
    ("Provinsi", "OPD dengan loket kosong"): 0,
    ("Provinsi", "Cakupan terendah"): 0.5,
    ("Provinsi", "Tampilan tertinggal"): 2,
    ("Kab/Kota", "OPD buka"): 4,
    ("Kab/Kota", "OPD ✖ KRITIS"): 2,
    ("Layanan", "Keadaan OPD"): 4,
    ("Efisiensi", "Hari kerja dari rumah"): 240,
    ("Efisiensi", "Perjalanan dihemat (perkiraan)"): 4320,
    ("Efisiensi", "Energi dihemat (perkiraan)"): 600,
    ("Pipeline", "Dead letter"): 0,
    ("Pipeline", "Proses yang tidak menjawab"): 0,
    ("SLO", "Presensi gagal"): 0,
}
"""What the numbers must be: two regions, each with two OPD of two services, one of two people present at each."""


@pytest.mark.parametrize(("place", "number"), NUMBERS.items())
async def test_a_number_counts_two_replicas_once(
    prometheus: httpx.Client, place: tuple[str, str], number: float
) -> None:
    (query, *_) = (query for query in panel_queries() if (query.dashboard, query.panel) == place and query.instant)
    await wait_until(lambda: panel_values(prometheus, query, time.time()) == [number])


async def test_the_choice_of_a_region_displays_its_name_and_holds_its_code(prometheus: httpx.Client) -> None:
    region = one_region().build()
    expression = str(region.definition).removeprefix("query_result(").removesuffix(")")
    names_and_codes = re.compile(str(region.regex).strip("/").replace("(?<", "(?P<"))

    def options() -> set[tuple[str, str]]:
        result = prometheus.get("/api/v1/query", params={"query": expression}).json()["data"]["result"]
        # As Grafana writes a series of a `query_result`, before it applies the regular expression.
        lines = ["{" + ",".join(f'{name}="{value}"' for name, value in s["metric"].items()) + "} 1 0" for s in result]
        return {(match["text"], match["value"]) for match in map(names_and_codes.search, lines) if match}

    await wait_until(lambda: options() == {("Provinsi Jawa Barat", "32"), ("Kota Bogor", "3271")})


FAULTS = {
    "piket_view_behind_seconds > 1000": " is empty: piket_view_behind_seconds > 1000",
    "0 / vector(0)": " is empty: 0 / vector(0)",
    "sum(": "unclosed left parenthesis",
    "vector(1) + on (job) {job='piket'}": "duplicate series",
}


@pytest.mark.parametrize(("expression", "fault"), FAULTS.items())
@pytest.mark.parametrize("kind", ["instant", "range"])
async def test_a_panel_without_a_value_is_caught(
    prometheus: httpx.Client, expression: str, fault: str, kind: str
) -> None:
    query = PanelQuery("Provinsi", "Panel", expression, kind == "instant")
    await wait_until(lambda: fault in " ".join(empty_panels(prometheus, [query], time.time())))
