"""Serves attendance: `python -m services.attendance`."""

from services.attendance.app import SERVICE, create
from shared.web.server.entry import main

if __name__ == "__main__":
    main(SERVICE, create)
