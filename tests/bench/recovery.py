"""`python -m tests.bench.recovery`: how soon a worker has a million facts back from its changelog, or Faust its table.

From the moment that Faust begins to recover until it says that it has. `... WHO COUNT` is one such process.
"""

import asyncio
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

import faust
from faust.tables.recovery import Recovery

from deploy.local.kafka import Kafka
from services.reporting.worker import __main__ as worker
from services.reporting.worker.changelog import COMPRESSION, RECOVERED, changelog_topic
from shared.domain.envelope import topic
from shared.kafka import broker
from tests.bench import stock_faust
from tests.bench.measurement import Meter
from tests.bench.report import machine
from tests.bench.tap_events import PARTITIONS, check_ins, facts, fill
from tests.bench.worker import Figure, Run, make_room, measured, table_topic

REGION = "34"
FACTS, STOCK_ROWS = 1_000_000, 20_000


def piket(recovered: Callable[[Callable[[], int]], None]) -> None:
    """The worker as it is deployed."""
    recovered(lambda: int(RECOVERED._value.get()))
    sys.exit(worker.main())


def stock(recovered: Callable[[Callable[[], int]], None]) -> None:
    """A table of Faust as it comes."""
    app = stock_faust.app()
    table = app.Table("facts", partitions=PARTITIONS, key_type=bytes, value_type=bytes)
    recovered(lambda: len(table.data))

    @app.agent(app.topic(topic(REGION, "attendance"), value_type=bytes, value_serializer="raw"))
    async def fold(stream: faust.Stream) -> None:
        async for _ in stream:
            pass

    stock_faust.run(app)


def watch(meter: Meter) -> Callable[[Callable[[], int]], None]:
    """Measure Faust's recovery; tells when so many rows are there."""
    started, ended = Recovery._set_recovery_started, Recovery._set_recovery_ended

    def recovered(rows: Callable[[], int]) -> None:
        def start(self: Recovery) -> None:
            meter.start()
            started(self)

        def end(self: Recovery) -> None:
            ended(self)
            if rows() >= meter.count:
                meter.tell({"rows": rows()})

        Recovery._set_recovery_started, Recovery._set_recovery_ended = start, end

    return recovered


KEEPERS: Mapping[str, tuple[Callable[..., None], int]] = {"piket": (piket, FACTS), "stock": (stock, STOCK_ROWS)}


def run(rounds: int) -> None:
    """Print seconds and rows/s of both, `rounds` interleaved runs each over the same changelogs."""
    with tempfile.TemporaryDirectory() as folder, Kafka(Path(folder), jit="full") as broker:
        place = Run(broker.bootstrap, "recovery", folder)
        asyncio.run(lay_out(place))
        runs: dict[str, list[Figure]] = {name: [] for name in KEEPERS}
        for _ in range(rounds):
            for name, (_, count) in KEEPERS.items():
                start = [sys.executable, "-m", "tests.bench.recovery", name, str(count)]
                runs[name].append(measured(start, place, REGION, {"rows": count}))
    print("\nRecovery of the facts (goals: 8 s, 15 x stock Faust)")
    for name, (_, count) in KEEPERS.items():
        rates = [figure.rate for figure in runs[name]]
        print(
            f"  {name:<8} {count:>10,} rows in {count / median(rates):5.1f} s: {median(rates):>9,.0f} rows/s"
            f" ({min(rates):,.0f} to {max(rates):,.0f}), {median(f.cpu_us for f in runs[name]):.1f} CPU µs a row"
        )
    print(f"  {median(p.rate / s.rate for p, s in zip(runs['piket'], runs['stock'], strict=True)):.0f} x", flush=True)


async def lay_out(place: Run) -> None:
    """Write both changelogs; there are no events to read."""
    await broker.create_topics(place.bootstrap, [REGION], PARTITIONS, 1)
    await make_room(place)
    await fill(place.bootstrap, changelog_topic(place.name), facts(check_ins(REGION, FACTS)), COMPRESSION)
    await fill(place.bootstrap, table_topic(place), facts(check_ins(REGION, STOCK_ROWS)))


if __name__ == "__main__":
    if len(sys.argv) == 1:
        print(machine())
        run(3)
    else:
        worker.calm_collector()
        KEEPERS[sys.argv[1]][0](watch(Meter(int(sys.argv[2]))))
