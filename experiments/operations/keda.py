"""Controllers whose counts KEDA brings about: one to a ScaledObject, all of them behind one external scaler."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Protocol

from experiments.operations.running import Operated, Unwatched, Watcher, operate
from operate.config import OperateConfig
from operate.keda.server import KedaServer, Listening
from operate.keda.target import KedaTarget, Rules
from operate.kinds import target_kinds
from operate.record import Record
from operate.target import Target

#: Between looks whether all controllers have ended.
PAUSE_S = 0.1


class KedaWatcher(Protocol):
    """Told what happens in a scaler."""

    def listening(self, address: str, controllers: Sequence[str]) -> None:
        """Take in where KEDA may ask, and about which controllers."""
        ...

    def of(self, controller: str) -> Watcher:
        """Return who is told of one controller."""
        ...


class UnwatchedKeda:
    """A watcher that does nothing."""

    def listening(self, address: str, controllers: Sequence[str]) -> None:
        """Ignore."""

    def of(self, controller: str) -> Watcher:
        """Return one that does nothing."""
        return Unwatched()


def keda_scaler(
    configs: Mapping[str, OperateConfig],
    listening: Listening,
    *,
    stop: threading.Event,
    watcher: KedaWatcher | None = None,
    ticks: int | None = None,
    targets: Mapping[str, Target] | None = None,
) -> dict[str, Operated]:
    """Run controllers, and answer KEDA from their last decisions, until told to stop.

    Each decides in a loop of its own, with guardrails, journal and page as ever. With ``mode: act`` KEDA is told what
    it decided, in shadow the count that is there, so that nothing changes. The platform is only looked at.

    Args:
        configs: by the controllers' names.
        listening: where KEDA may ask.
        stop: ends all of it.
        watcher: is told what happens.
        ticks: so many decisions of each at most; None: no end.
        targets: in place of the configured ones, by name; they are closed, too.

    Raises:
        AutoscalingError: a controller cannot run; the others end with it.
    """
    watcher, targets = watcher or UnwatchedKeda(), targets or {}
    with ExitStack() as stack:
        told: dict[str, KedaTarget] = {}
        for name, config in configs.items():
            there = targets.get(name) or target_kinds()[config.target.kind].open(config.target)
            rules = Rules(config.bounds, config.interval, acting=config.mode == "act")
            told[name] = KedaTarget(there, rules, time.monotonic)
            stack.callback(told[name].close)
        server = stack.enter_context(KedaServer(told, listening))
        watcher.listening(server.address, sorted(configs))
        runs = [_Run(name, configs[name], told[name], watcher.of(name)) for name in configs]
        _all(runs, stop, ticks)
    return {each.name: each.found for each in runs if each.found is not None}


@dataclass
class _Run:
    """A controller in a thread of its own."""

    name: str
    config: OperateConfig
    target: KedaTarget
    watcher: Watcher
    found: Operated | None = None
    error: BaseException | None = None

    def run(self, stop: threading.Event, ticks: int | None) -> None:
        """Run it until it is told to stop; where it cannot, all are."""
        watcher = _Told(self.watcher, self.target.ticked)
        try:
            self.found = operate(self.config, stop=stop, watcher=watcher, ticks=ticks, target=self.target)
        except BaseException as error:  # the main thread raises it
            self.error = error
            stop.set()


def _all(runs: Sequence[_Run], stop: threading.Event, ticks: int | None) -> None:
    ending = threading.Event()
    threads = [threading.Thread(target=each.run, args=(ending, ticks), daemon=True, name=each.name) for each in runs]
    for thread in threads:
        thread.start()
    try:
        while any(thread.is_alive() for thread in threads) and not ending.is_set():
            if stop.wait(PAUSE_S):
                break
    finally:
        ending.set()
        for thread in threads:
            thread.join()
    for each in runs:
        if each.error is not None:
            raise each.error


class _Told(Unwatched):
    """Tells the target of a tick before the watcher, and passes everything on."""

    def __init__(self, watcher: Watcher, ticked: Callable[[Record], None]) -> None:
        self._watcher, self._ticked = watcher, ticked

    def ticked(self, record: Record) -> None:
        """Pass it on."""
        if record.kind == "tick":
            self._ticked(record)
        self._watcher.ticked(record)

    def serving(self, url: str) -> None:
        """Pass it on."""
        self._watcher.serving(url)

    def note(self, text: str) -> None:
        """Pass it on."""
        self._watcher.note(text)
