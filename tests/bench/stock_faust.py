"""Creates and runs an app of stock Faust."""

import os

import faust
import mode

from tests.bench.tap_events import PARTITIONS


def app() -> faust.App:
    """Return the app of this run, not started."""
    return faust.App(
        os.environ["PIKET_DEPLOYMENT"],
        broker=f"kafka://{os.environ['PIKET_KAFKA']}",
        store="memory://",
        topic_partitions=PARTITIONS,
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        web_enabled=False,
        datadir=os.environ["PIKET_FOLDER"],
    )


def run(stock: faust.App) -> None:
    """Run the app until the process ends."""
    mode.Worker(stock, quiet=True, override_logging=False, redirect_stdouts=False).execute_from_commandline()
