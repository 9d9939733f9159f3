"""How a contender tells what it took."""

import json
import os
import time
from collections.abc import Mapping


class Meter:
    """Wall and processor time from the first event to the last of `count`."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._wall = self._cpu = 0.0

    def start(self) -> None:
        """The first event is here."""
        if not self._wall:
            self._wall, self._cpu = time.perf_counter(), time.process_time()

    def tell(self, counts: Mapping[str, int]) -> None:
        """Everything is done: print the figures and what was counted for each OPD, and end."""
        seconds, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        told = {"rate": self.count / seconds, "cpu_us": cpu / self.count * 1e6, "counts": dict(counts)}
        print(json.dumps(told), flush=True)
        os._exit(0)
