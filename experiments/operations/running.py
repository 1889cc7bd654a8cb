"""A controller of somebody's queue, put together from its configuration and run until it is told to stop."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from autoscaling_env.errors import InputError
from experiments.listening import Listener, Silent
from experiments.operations.policies import Decider, fallback_of, policy_of, tried
from live.clock import SystemClock
from operate.config import OperateConfig
from operate.controller.alone import alone_in
from operate.controller.asking import Asking
from operate.controller.choosing import Chooser
from operate.controller.clocks import Clocks
from operate.controller.controller import Controller, Parts
from operate.controller.keeping import Keeping
from operate.controller.loop import run
from operate.controller.seeing import Eyes
from operate.controller.writing import Writer
from operate.journal.files import SUBFOLDER
from operate.journal.settings import start_info
from operate.journal.writer import JournalWriter
from operate.kinds import source_kinds, target_kinds
from operate.leader import Election
from operate.page.catalogue import Side
from operate.page.facts import Facts
from operate.page.server import PageServer
from operate.record import Record
from operate.source import Source
from operate.target import Target


class Watcher(Listener, Protocol):
    """Told as a controller goes on; nothing it does changes what is decided."""

    def ticked(self, record: Record) -> None:
        """Take in one more record."""
        ...

    def serving(self, url: str) -> None:
        """Take in where the page is."""
        ...


class Unwatched(Silent):
    """A watcher that does nothing."""

    def ticked(self, record: Record) -> None:
        """Ignore."""

    def serving(self, url: str) -> None:
        """Ignore."""


@dataclass(frozen=True, slots=True)
class Operated:
    """What a controller leaves behind.

    Attributes:
        ticks: that were made.
        writes: of them those in which the count was changed.
        journal: its folder.
        last: the last record; None: there is none.
    """

    ticks: int
    writes: int
    journal: Path
    last: Record | None


def operate(
    config: OperateConfig,
    *,
    stop: threading.Event,
    watcher: Watcher | None = None,
    ticks: int | None = None,
    source: Source | None = None,
    target: Target | None = None,
    clocks: Clocks | None = None,
) -> Operated:
    """Run a controller until it is told to stop.

    Args:
        config: of the controller.
        stop: ends it between two ticks, at once.
        watcher: is told of every tick.
        ticks: so many at most; None: no end.
        source: in place of the configured one, which is then not opened; it is left open.
        target: likewise.
        clocks: tell time; None: those of this machine.

    Raises:
        InputError: the policy cannot decide here, the state is another controller's, the port is taken.
    """
    watcher = watcher or Unwatched()
    with ExitStack() as stack:
        stack.enter_context(alone_in(config.state))
        if source is None:
            source = source_kinds()[config.source.kind].open(config.source)
            stack.callback(source.close)
        if target is None:
            target = target_kinds()[config.target.kind].open(config.target)
            stack.callback(target.close)
        election = _election(config)
        if election is not None:
            election.start()
            stack.callback(election.close)
        clocks = clocks or Clocks(time.monotonic, time.time)
        keeping = Keeping(config.state / "state.json", clocks)
        policy = tried(policy_of(config, source, clocks.wall, watcher), config)
        fallback = tried(fallback_of(config), config)
        publisher = stack.enter_context(_publishing(config, source, target, watcher, keeping))
        parts = _parts(config, source, target, policy, fallback, election, clocks, keeping, publisher.publish)
        controller = Controller(parts)
        controller.start()
        try:
            run(controller, config.interval, clocks.now, stop.wait, ticks)
        finally:
            controller.stop("stopped")
    return Operated(publisher.ticks, publisher.writes, config.state / SUBFOLDER, publisher.last)


def _parts(
    config: OperateConfig,
    source: Source,
    target: Target,
    policy: Decider,
    fallback: Decider,
    election: Election | None,
    clocks: Clocks,
    keeping: Keeping,
    publish: Callable[[Record], None],
) -> Parts:
    patience_s = config.guardrails.decide_within
    return Parts(
        name=identity(),
        config=config,
        eyes=Eyes(source, target, config.guardrails.stale_after),
        chooser=Chooser(
            Asking(policy.name, policy.policy, patience_s, clocks.now),
            Asking(fallback.name, fallback.policy, patience_s, clocks.now),
        ),
        writer=Writer(target.scaler() if config.mode == "act" else None, election),
        clocks=clocks,
        keeping=keeping,
        publish=publish,
        highest_rate=policy.highest_rate,
        periodic=policy.periodic,
        settings=start_info(config),
    )


def identity() -> str:
    """Return what this controller is called among others: the pod's name, or host and process."""
    return os.environ.get("POD_NAME") or f"{socket.gethostname()}-{os.getpid()}"


def _election(config: OperateConfig) -> Election | None:
    """Return who leads among several controllers; in shadow nobody has to, and nothing is written, no Lease either."""
    if not config.lease or config.mode == "shadow":
        return None
    elect = target_kinds()[config.target.kind].elect
    if elect is None:
        raise InputError(f"lease: a target of kind {config.target.kind} has no election; leave lease out")
    made: Election = elect(config.target, config.lease, identity())
    return made


class _Publisher:
    """Gives every record to journal, page and watcher; a disk that is full stops nothing."""

    def __init__(
        self, journal: JournalWriter, page: PageServer | None, watcher: Watcher, remark: Callable[[str], None]
    ) -> None:
        self._journal, self._page, self._watcher, self._remark = journal, page, watcher, remark
        self.ticks, self.writes = 0, 0
        self.last: Record | None = None
        self._missing, self._trouble = 0, ""

    def publish(self, record: Record) -> None:
        """Pass it on."""
        failed = list(record.failed)
        if trouble := self._written(record):
            failed.append(Side.JOURNAL)
            if not self._missing:
                self._remark(f"the journal could not be written ({trouble}): records are missing in it")
            self._missing, self._trouble = self._missing + 1, trouble
        elif self._missing:  # what was said of it meanwhile is missing, too
            many = f"{self._missing} record{'s' if self._missing > 1 else ''} of before"
            self._remark(f"the journal could not be written ({self._trouble}): it is without {many}")
            self._missing = 0
        if self._page is not None:
            self._page.publish(record)
            for side in failed:
                self._page.failed(Side(side))
        if record.kind == "tick":
            self.ticks, self.last = self.ticks + 1, record
            self.writes += record.written is not None and not record.refused
        self._watcher.ticked(record)

    def _written(self, record: Record) -> str:
        """Write a record to the journal; return why that cannot be done, or ""."""
        try:
            self._journal.append(record)
        except OSError as error:
            return error.strerror or type(error).__name__
        return ""


@contextmanager
def _publishing(
    config: OperateConfig, source: Source, target: Target, watcher: Watcher, keeping: Keeping
) -> Iterator[_Publisher]:
    megabytes = config.journal.file_megabytes
    with ExitStack() as stack:
        journal = JournalWriter(config.state / SUBFOLDER, keep_s=config.journal.keep, file_bytes=megabytes * 1e6)
        stack.callback(_close_journal, journal)
        page = None
        if config.page is not None:
            page = PageServer(config.page, Facts.of(config, source.described, target.described), SystemClock())
            stack.enter_context(page)
            watcher.serving(page.url)
        yield _Publisher(journal, page, watcher, keeping.remark)


def _close_journal(journal: JournalWriter) -> None:
    try:
        journal.close()
    except OSError:
        return  # the last records were told to be missing already
