"""A clerk who taps through the gateway without a pause, and repeats each tap until it is stored."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import NAMESPACE_URL, uuid5

import httpx

from tests.compose.stack import Stack
from tests.support.office_setup import REGION, on_site_body
from tests.support.waiting import block_until

EMPLOYEE = str(uuid5(NAMESPACE_URL, "piket:a clerk who taps"))
CLAIMS = {"region": REGION, "opd": "BAPPERIDA", "employee": EMPLOYEE}
PAUSE_S = 0.05


@dataclass
class Taps:
    """The statuses of all answers, by path, and the ids of the taps that were answered with 201."""

    stack: Stack
    token: Callable[[], str]
    answers: list[tuple[str, int]] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    without_advice: list[str] = field(default_factory=list)
    """The answers 503 that do not say when to send the request again, or are no problem in the form of the API."""
    _ended: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Tap, and read the description of the API, while the block runs; every tap that was begun is stored."""
        self._ended.clear()
        threads = [threading.Thread(target=self._run, args=(work,)) for work in (self._tap, self._read)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            for thread in threads:
                thread.join()

    def wait_for(self, count: int) -> None:
        """Wait until so many more taps are stored."""
        wanted = len(self.stored) + count
        block_until(lambda: len(self.stored) >= wanted or self.failures, 90, what="taps that are stored")

    def _run(self, work: Callable[[httpx.Client], None]) -> None:
        with httpx.Client(base_url=self.stack.url, verify=self.stack.tls(), timeout=60) as http:
            while not self._ended.is_set():
                try:
                    work(http)
                except Exception as error:  # noqa: BLE001 - the test fails with it
                    self.failures.append(error)
                    return
                time.sleep(PAUSE_S)  # two cores do all the work

    def _tap(self, http: httpx.Client) -> None:
        body = on_site_body()
        headers = {"authorization": f"Bearer {self.token()}", "idempotency-key": f"tap-{body['client_id']}"}
        path = f"/attendance/v1/{REGION}/check-ins"
        while self._record(http.post(path, json=body, headers=headers)) == httpx.codes.SERVICE_UNAVAILABLE:
            time.sleep(PAUSE_S)  # not the advised time, so that more requests meet the change
        self.stored.append(str(body["client_id"]))

    def _read(self, http: httpx.Client) -> None:
        self._record(http.get("/attendance/openapi.json"))

    def _record(self, answer: httpx.Response) -> int:
        self.answers.append((answer.request.url.path, answer.status_code))
        is_problem = answer.headers["content-type"].startswith("application/problem+json")
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE and not (
            is_problem and answer.headers.get("retry-after") and answer.json()["status"] == answer.status_code
        ):
            self.without_advice.append(answer.text)
        return answer.status_code
