"""Reads secrets from the files that settings name: no environment and no argument holds a secret."""

from pathlib import Path


class UnreadableSecret(Exception):
    """The file of a secret cannot be read, or is empty. The message is for the operator and holds no secret."""


def read_secret(file: str | Path, variable: str) -> str:
    """Return the content of a file without blanks around it. `variable` is the setting that names the file.

    Raise `UnreadableSecret`.
    """
    try:
        secret = Path(file).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not a text file"
        raise UnreadableSecret(_message(file, variable, f"cannot be read: {reason}")) from error
    if not secret:
        raise UnreadableSecret(_message(file, variable, "is empty"))
    return secret


def _message(file: str | Path, variable: str, fault: str) -> str:
    return f"The file {file} ({variable}) {fault}. Nothing was started. Write the secret into it, then start again."
