"""Tests that an outage of hours is a few lines of the log."""

from structlog.testing import capture_logs

from shared.outage_log import OutageLog


def test_each_reason_of_an_outage_is_logged_once_and_its_end() -> None:
    outage = OutageLog("Reading stopped", "Reading goes on", topic="t")
    with capture_logs() as logs:
        outage.succeeded()
        for reason in ("no answer", "refused", "no answer", "refused"):
            outage.failed(reason)
        outage.succeeded()
        outage.succeeded()
        outage.failed("no answer")
    assert [(entry["log_level"], entry["event"], entry.get("reason"), entry["topic"]) for entry in logs] == [
        ("warning", "Reading stopped", "no answer", "t"),
        ("warning", "Reading stopped", "refused", "t"),
        ("info", "Reading goes on", None, "t"),
        ("warning", "Reading stopped", "no answer", "t"),
    ]
