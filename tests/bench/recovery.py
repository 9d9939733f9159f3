"""Measures how fast a worker restores a million facts from its changelog, and stock Faust its table.

`python -m tests.bench.recovery` measures from the start of Faust's recovery to its end. `... CONTENDER COUNT` runs one
such process.
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
from services.reporting.faust_batches.changelog_table import RECOVERED
from services.reporting.worker import __main__ as worker
from services.reporting.worker.changelog import COMPRESSION, changelog_topic
from shared.domain.envelope import topic
from shared.kafka import broker
from shared.kafka.connection import KafkaConnection
from tests.bench import stock_faust
from tests.bench.measurement import Meter
from tests.bench.report import machine
from tests.bench.tap_events import PARTITIONS, changelog_rows, check_ins, fill
from tests.bench.worker import BenchRun, Figure, create_changelogs, run_process, table_topic

REGION = "34"
FACTS, STOCK_ROWS = 1_000_000, 20_000


def run_piket(on_recovered: Callable[[Callable[[], int]], None]) -> None:
    """Run the worker as it is deployed."""
    on_recovered(lambda: int(RECOVERED._value.get()))
    sys.exit(worker.main())


def run_stock_faust(on_recovered: Callable[[Callable[[], int]], None]) -> None:
    """Run stock Faust with one table."""
    app = stock_faust.app()
    table = app.Table("facts", partitions=PARTITIONS, key_type=bytes, value_type=bytes)
    on_recovered(lambda: len(table.data))

    @app.agent(app.topic(topic(REGION, "attendance"), value_type=bytes, value_serializer="raw"))
    async def fold(stream: faust.Stream) -> None:
        async for _ in stream:
            pass

    stock_faust.run(app)


def measure_recovery(meter: Meter) -> Callable[[Callable[[], int]], None]:
    """Measure Faust's recovery, and print the result when enough rows are restored."""
    original_started, original_ended = Recovery._set_recovery_started, Recovery._set_recovery_ended

    def on_recovered(rows: Callable[[], int]) -> None:
        def start(self: Recovery) -> None:
            meter.start()
            original_started(self)

        def end(self: Recovery) -> None:
            original_ended(self)
            if rows() >= meter.count:
                meter.print_result_and_exit({"rows": rows()})

        Recovery._set_recovery_started, Recovery._set_recovery_ended = start, end

    return on_recovered


CONTENDERS: Mapping[str, tuple[Callable[..., None], int]] = {
    "piket": (run_piket, FACTS),
    "stock": (run_stock_faust, STOCK_ROWS),
}


def run(rounds: int) -> None:
    """Print seconds and rows/s of both contenders, from interleaved runs over the same changelogs."""
    with tempfile.TemporaryDirectory() as folder, Kafka(Path(folder), jit="full") as broker:
        bench_run = BenchRun(broker.bootstrap, "recovery", folder)
        asyncio.run(write_changelogs(bench_run))
        runs: dict[str, list[Figure]] = {name: [] for name in CONTENDERS}
        for _ in range(rounds):
            for name, (_, count) in CONTENDERS.items():
                start = [sys.executable, "-m", "tests.bench.recovery", name, str(count)]
                runs[name].append(run_process(start, bench_run, REGION, {"rows": count}))
    print("\nRecovery of the facts (goals: 8 s, 15 x stock Faust)")
    for name, (_, count) in CONTENDERS.items():
        rates = [figure.rate for figure in runs[name]]
        print(
            f"  {name:<8} {count:>10,} rows in {count / median(rates):5.1f} s: {median(rates):>9,.0f} rows/s"
            f" ({min(rates):,.0f} to {max(rates):,.0f}), {median(f.cpu_us for f in runs[name]):.1f} CPU µs a row"
        )
    print(f"  {median(p.rate / s.rate for p, s in zip(runs['piket'], runs['stock'], strict=True)):.0f} x", flush=True)


async def write_changelogs(bench_run: BenchRun) -> None:
    """Write both changelogs; the source topics stay empty."""
    await broker.create_topics(KafkaConnection(bench_run.bootstrap), [REGION], PARTITIONS, 1)
    await create_changelogs(bench_run)
    await fill(
        bench_run.bootstrap, changelog_topic(bench_run.name), changelog_rows(check_ins(REGION, FACTS)), COMPRESSION
    )
    await fill(bench_run.bootstrap, table_topic(bench_run), changelog_rows(check_ins(REGION, STOCK_ROWS)))


if __name__ == "__main__":
    if len(sys.argv) == 1:
        print(machine())
        run(3)
    else:
        worker.tune_garbage_collector()
        CONTENDERS[sys.argv[1]][0](measure_recovery(Meter(int(sys.argv[2]))))
