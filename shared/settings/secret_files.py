"""Reads secrets from the files that settings name: no environment and no argument holds a secret."""

from pathlib import Path


class UnreadableSecret(Exception):
    """The file of a secret cannot be read, or is empty. Message and `fault` are for the operator and hold no secret."""

    def __init__(self, file: str | Path, variable: str, fault: str) -> None:
        self.fault = f"the file {file} ({variable}) {fault}"
        super().__init__(f"T{self.fault[1:]}. Nothing was started. Write the secret into it, then start again.")


def read_secret(file: str | Path, variable: str) -> str:
    """Return the content of a file without blanks around it. `variable` is the setting that names the file.

    Raise `UnreadableSecret`.
    """
    try:
        secret = Path(file).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not a text file"
        raise UnreadableSecret(file, variable, f"cannot be read: {reason}") from error
    if not secret:
        raise UnreadableSecret(file, variable, "is empty")
    return secret
