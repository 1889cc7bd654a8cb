"""Parent of all processes of a farm on this machine: starts them by fork, reports their ends, takes them with it.

Everything is imported once here, so a worker costs a fork and not 0.4 s of imports. It obeys lines of JSON on
standard input and reports on standard output; when the input closes, for whatever reason its owner is gone, so
it kills everything it started and leaves. Run by ``live.platforms.local.processes``, not by hand.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import selectors
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from live.functions import collector, emitter, worker
from live.functions.lifeline import die_with
from live.functions.program import run
from live.functions.settings import FunctionSettings

PROGRAMS: dict[str, Callable[[FunctionSettings], None]] = {
    "emitter": emitter.main,
    "worker": worker.main,
    "collector": collector.main,
}


class Guardian:
    """The process table and the command loop."""

    def __init__(self, directory: str, out: int) -> None:
        self._directory, self._out = directory, out
        self._names: dict[int, str] = {}
        self._owner = os.getppid()
        self._commands: dict[str, Callable[[dict[str, Any]], None]] = {
            "start": self._start,
            "run": self._run,
            "signal": self._signal,
        }

    def serve(self) -> None:
        """Obey until the owner is gone, then leave nothing behind."""
        try:
            self._report(event="ready", name="guardian")
            self._loop()
        except BrokenPipeError:  # the owner is gone, which its input would have told us next
            return
        finally:
            self._kill_all()
            shutil.rmtree(self._directory, ignore_errors=True)

    def _loop(self) -> None:
        selector, pipe = selectors.DefaultSelector(), _wake_on_child()
        selector.register(0, selectors.EVENT_READ)
        selector.register(pipe, selectors.EVENT_READ)
        rest = b""
        while os.getppid() == self._owner:
            ready = {key.fd for key, _ in selector.select(timeout=1.0)}
            if pipe in ready:
                os.read(pipe, 4096)
            if 0 in ready:
                data = os.read(0, 65536)
                if not data:
                    return
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    self._obey(json.loads(line))
            self._reap()

    def _obey(self, command: dict[str, Any]) -> None:
        self._commands[command["do"]](command)

    def _start(self, command: dict[str, Any]) -> None:
        """Fork one of our programs. ``asked``: monotonic time of the request; delays count from there."""
        environment = command["environment"]
        delay = float(environment.get("AUTOSCALE_FN_STARTUP_DELAY_S", 0))
        late = time.monotonic() - command["asked"]
        environment["AUTOSCALE_FN_STARTUP_DELAY_S"] = str(max(0.0, delay - late) if delay else 0.0)
        main = PROGRAMS[command["program"]]
        self._fork(command["name"], lambda: run(main, environment))

    def _run(self, command: dict[str, Any]) -> None:
        """Fork and become another program (the embedded server)."""
        arguments = command["arguments"]
        self._fork(command["name"], lambda: os.execv(arguments[0], arguments))  # noqa: S606

    def _fork(self, name: str, body: Callable[[], int]) -> None:
        parent = os.getpid()
        try:
            child = os.fork()
        except OSError as error:  # no more processes or memory for now; our owner tries again later
            self._report(event="ended", name=name, how=f"not started: {error.strerror}")
            return
        if child == 0:
            os.close(self._out)
            _be_child(parent, body)
        _lead_group(child)
        self._names[child] = name
        self._report(event="started", name=name, pid=child)

    def _signal(self, command: dict[str, Any]) -> None:
        for pid, name in self._names.items():
            if name == command["name"]:
                _send(pid, command["signal"])

    def _reap(self) -> None:
        while self._names:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended is None:
                return
            # What its handler left behind goes too; until it is waited for, nobody else can have its number.
            _send(ended.si_pid, signal.SIGKILL)
            pid, status = os.waitpid(ended.si_pid, 0)
            self._report(event="ended", name=self._names.pop(pid), how=_how(status))

    def _report(self, **event: Any) -> None:
        os.write(self._out, json.dumps(event).encode() + b"\n")

    def _kill_all(self) -> None:
        for pid in self._names:
            _send(pid, signal.SIGKILL)
        for pid in self._names:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _lead_group(pid: int) -> None:
    """Put a process at the head of a group of its own, so that what it starts can be ended with it."""
    with contextlib.suppress(PermissionError, ProcessLookupError):  # it has done so itself, and gone on
        os.setpgid(pid, pid)


def _send(pid: int, number: int) -> None:
    """Signal a process; SIGKILL goes to everything it started, too."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # gone, or (macOS) a zombie
        if number == signal.SIGKILL:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)


def _be_child(parent: int, body: Callable[[], int]) -> None:
    """Never returns: what stands above in the call stack belongs to the guardian."""
    code = 1
    try:
        _lead_group(0)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        die_with(parent)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        code = body()
    except BaseException as error:
        print(json.dumps({"event": "crash", "detail": repr(error)}), file=sys.stderr, flush=True)
    finally:
        os._exit(code)


def _wake_on_child() -> int:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    os.set_blocking(reader, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    return reader


def _how(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def main() -> None:
    """Serve in the private directory named on the command line, which is made here and goes with us."""
    import redis  # noqa: F401 - imported before the forks, for all of them

    directory = sys.argv[1]
    Path(directory).mkdir(mode=0o700)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # a child told to leave at once must not miss it
    gc.collect()
    gc.freeze()
    Guardian(directory, _for_reports()).serve()


def _for_reports() -> int:
    """Return standard output as a file of its own; what anybody prints from now on goes to standard error."""
    out = os.dup(1)
    os.dup2(2, 1)
    return out


if __name__ == "__main__":
    main()
