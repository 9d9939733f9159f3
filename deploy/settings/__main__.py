"""Prints the table of settings: `python -m deploy.settings > docs/operations/settings.md`."""

from deploy.settings.table import document

if __name__ == "__main__":
    print(document(), end="")
