"""Listens to events in a thread of its own, and begins anew after every outage."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from operate.sources.celery.books import Books
from operate.sources.celery.events import Event

#: Seconds until it is tried again, at first and at most.
SOON_S, LATE_S = 0.2, 2.0
#: Seconds between two looks at what has come: to be woken by each message is what costs.
GATHERS_S = 0.2


class Stream(Protocol):
    """Events as they come from a broker."""

    def events(self) -> Sequence[Event]:
        """Return what has come since the last call, at once.

        Raises:
            Exception: the connection is lost; the broker has not been heard of for too long.
        """
        ...

    def close(self) -> None:
        """Stop listening, and leave nothing behind."""
        ...


class Listener:
    """Keeps books of what a stream of events says.

    Args:
        connect: begins to listen; whatever it raises, it is tried again later.
        books: where events go.
        said: says in one line what is wrong, of an error.
    """

    def __init__(self, connect: Callable[[], Stream], books: Books, said: Callable[[Exception], str]) -> None:
        self._connect, self._books, self._said = connect, books, said
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.trouble = ""
        """Why nothing is heard now; "": it listens."""

    def start(self) -> None:
        """Begin to listen, if it does not already."""
        if self._thread is None:
            self.trouble = "it has just begun to listen"
            self._thread = threading.Thread(target=self._run, daemon=True, name="celery-events")
            self._thread.start()

    def close(self) -> None:
        """Stop; what the broker kept for it is gone."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=2.0)

    def _run(self) -> None:
        pause_s = SOON_S
        while not self._stop.is_set():
            began_s = time.monotonic()
            try:
                self._listen()
            except Exception as error:  # a thread that ends would be silence for ever
                self.trouble = self._said(error)
            pause_s = SOON_S if time.monotonic() - began_s > LATE_S else min(2 * pause_s, LATE_S)
            self._stop.wait(pause_s)

    def _listen(self) -> None:
        stream = self._connect()
        self._books.begin()
        self.trouble = ""
        try:
            while not self._stop.wait(GATHERS_S):
                if events := stream.events():
                    self._books.hear(events)
        finally:
            self._books.pause()
            stream.close()
