"""A small queue in a file, and the command that tells of it: a program of its own, as somebody would write one."""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from pathlib import Path


class FileQueue:
    """Tasks in SQLite."""

    def __init__(self, file: Path) -> None:
        self.file = file
        with self._open() as db:
            db.execute("CREATE TABLE IF NOT EXISTS tasks (n INTEGER PRIMARY KEY, came REAL, began REAL, ended REAL)")

    def put(self, tasks: int) -> None:
        with self._open() as db:
            db.executemany("INSERT INTO tasks (came) VALUES (?)", [(time.time(),)] * tasks)

    def take(self, tasks: int) -> None:
        self._set("began", "came", tasks)

    def finish(self, tasks: int) -> None:
        self._set("ended", "began", tasks)

    def _set(self, what: str, after: str, tasks: int) -> None:
        change = (
            f"UPDATE tasks SET {what} = ? WHERE n IN "  # noqa: S608 - names of columns
            f"(SELECT n FROM tasks WHERE {after} IS NOT NULL AND {what} IS NULL ORDER BY n LIMIT ?)"
        )
        with self._open() as db:
            assert db.execute(change, (time.time(), tasks)).rowcount == tasks

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.file, isolation_level="DEFERRED")

    def dump(self) -> list[str]:
        return list(self._open().iterdump())


def told(file: str) -> dict[str, float | None]:
    """What is told of it; whoever asks may only read."""
    db = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    counts = "COUNT(*), COUNT(began), COUNT(ended), AVG(ended - began), MIN(CASE WHEN began IS NULL THEN came END)"
    came, began, ended, service_s, oldest = db.execute(f"SELECT {counts} FROM tasks").fetchone()  # noqa: S608
    db.close()
    return {
        "backlog": came - began,
        "in_flight": began - ended,
        "arrived_total": came,
        "completed_total": ended,
        "service_s": service_s,
        "oldest_s": max(time.time() - oldest, 0.0) if oldest else 0.0,
    }


if __name__ == "__main__":
    if Path(f"{sys.argv[1]}.stalled").exists():
        time.sleep(60)
    try:
        print(json.dumps(told(sys.argv[1])))
    except sqlite3.Error as error:
        sys.exit(f"Traceback of no interest\n{sys.argv[1]}: {error}, password={sys.argv[2]}\n\n")
