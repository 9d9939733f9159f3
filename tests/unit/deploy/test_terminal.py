"""Tests how text from a record is escaped before an operator's terminal shows it."""

import pytest

from deploy.cli.terminal import escaped, escaped_bytes


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Loket é, «buka» 👍", "Loket é, «buka» 👍"),
        ("\x1b]0;PWNED\x07\x1b[2J", r"\x1b]0;PWNED\x07\x1b[2J"),
        ("a\nb\rc\td\x7f\x00", r"a\x0ab\x0dc\x09d\x7f\x00"),
        ("\x9b2J", r"\xc2\x9b2J"),  # one character that some terminals read as ESC [
        ("\u202egnp", r"\xe2\x80\xaegnp"),  # right-to-left override: what follows is shown backwards
        ("\ud800", r"\xed\xa0\x80"),
    ],
)
def test_what_is_not_printable_is_shown_as_its_bytes(text: str, shown: str) -> None:
    assert escaped(text) == shown


def test_a_record_keeps_its_lines_and_shows_bytes_that_are_no_text() -> None:
    assert escaped_bytes(b'{"a": "\xc3\xa9"}\n\xff\x1b[2J\r\n') == '{"a": "é"}\n\\xff\\x1b[2J\\x0d\n'
