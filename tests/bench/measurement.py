"""Measures the time of a contender and prints its result."""

import json
import os
import time
from collections.abc import Mapping


class Meter:
    """Measures wall and CPU time from the first to the last of `count` events."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._wall = self._cpu = 0.0

    def start(self) -> None:
        """Start the clock at the first event; later calls do nothing."""
        if not self._wall:
            self._wall, self._cpu = time.perf_counter(), time.process_time()

    def print_result_and_exit(self, counts: Mapping[str, int]) -> None:
        """Print the figures and the counts by OPD, and exit."""
        seconds, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        result = {"rate": self.count / seconds, "cpu_us": cpu / self.count * 1e6, "counts": dict(counts)}
        print(json.dumps(result), flush=True)
        os._exit(0)
