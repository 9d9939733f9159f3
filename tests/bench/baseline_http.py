"""Serves the HTTP baseline: FastAPI, the same pydantic body, one insert and one fsync per request, in one thread."""

import asyncio
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor

import uvicorn
from fastapi import FastAPI

from services.attendance.domain.commands import TapRequest

app = FastAPI()
writing = ThreadPoolExecutor(1)


def connect() -> sqlite3.Connection:
    connection = sqlite3.connect(sys.argv[1], isolation_level=None, check_same_thread=False)
    connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE tap (body text NOT NULL)")
    return connection


def insert(connection: sqlite3.Connection, body: str) -> None:
    connection.execute("INSERT INTO tap VALUES (?)", (body,))


@app.post("/check-ins", status_code=201)
async def check_in(tap: TapRequest) -> dict[str, str]:
    await asyncio.get_running_loop().run_in_executor(writing, insert, app.state.connection, tap.model_dump_json())
    return {"client_id": tap.client_id}


if __name__ == "__main__":
    app.state.connection = connect()
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_config=None, access_log=False)
