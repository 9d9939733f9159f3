"""Escapes text that comes from a record: on a terminal its control characters are commands."""


def escaped(text: str, kept: str = "") -> str:
    r"""Return the text with each character that is not printable and not `kept` as its bytes in UTF-8: `\x1b`."""
    return "".join(c if c.isprintable() or c in kept else _escape(c) for c in text)


def escaped_bytes(content: bytes) -> str:
    r"""Return bytes as readable text: line feeds are kept, control characters and other bytes become `\xNN`."""
    return escaped(content.decode(errors="backslashreplace"), kept="\n")


def _escape(character: str) -> str:
    # A lone surrogate, which JSON can hold, has no bytes in UTF-8 otherwise.
    return "".join(f"\\x{byte:02x}" for byte in character.encode(errors="surrogatepass"))
