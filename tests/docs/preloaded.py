"""``autoscale`` as the blocks of a page call it, from a process that has loaded once what nearly every command loads.

A block is run as a reader runs it, with commands by their name in a shell of its own. Most of the time that such a
command takes is its imports, and the pages call it some eighty times: so here ``autoscale`` is a script of few lines
that hands its arguments, environment, folder and standard streams to this process, which forks. The child runs the
same ``main``; what it returns is the script's exit code, and signals to the script are handed on. That the installed
command starts is shown by tests that start it.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.places import ROOT

SCRIPT = f"""#!{sys.executable} -IS
import json, os, signal, socket, struct, sys
server = socket.socket(socket.AF_UNIX)
server.connect(os.path.join(os.path.dirname(sys.argv[0]), "socket"))
request = json.dumps([sys.argv, os.getcwd(), dict(os.environ)]).encode()
socket.send_fds(server, [struct.pack("!I", len(request))], [0, 1, 2])
server.sendall(request)
(child,) = struct.unpack("!i", server.recv(4, socket.MSG_WAITALL))
for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(each, lambda number, frame: os.kill(child, number))
code = server.recv(4, socket.MSG_WAITALL)
sys.exit(struct.unpack("!i", code)[0] if code else 1)
"""
#: What commands load, and what loading it loads; a page that is about another library loads that itself.
MODULES = (
    "cli.main",
    "experiments.comparing",
    "experiments.histories",
    "experiments.training",
    "experiments.tuning",
    "experiments.operations.running",
    "experiments.operations.setup",
    "scipy.stats",
    "simulator.vector_env",
    "analysis.plots.comparison",
)


@contextmanager
def preloaded(folder: Path) -> Iterator[Path]:
    """Yield a folder with an ``autoscale`` for the head of PATH."""
    script = folder / "autoscale"
    script.write_text(SCRIPT)
    script.chmod(0o755)
    server = subprocess.Popen([sys.executable, "-m", __name__, str(folder / "socket")], cwd=ROOT)
    try:
        while not (folder / "socket").exists():
            assert server.poll() is None, "the process that loads what commands need has ended"
            time.sleep(0.05)
        yield folder
    finally:
        server.kill()
        server.wait()


def serve(address: str) -> None:
    """Fork for whoever asks, until killed."""
    for module in MODULES:
        __import__(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children are waited for by those who asked
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"{address}.new")
        listening.listen(64)
        Path(f"{address}.new").rename(address)
        while True:
            asking, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _answer(asking)
            asking.close()


def _answer(asking: socket.socket) -> None:
    """Run a command in this process, which ends with it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    head, streams, _, _ = socket.recv_fds(asking, 4, 3)
    (length,) = struct.unpack("!I", head)
    arguments, folder, environment = json.loads(asking.recv(length, socket.MSG_WAITALL))
    asking.sendall(struct.pack("!i", os.getpid()))
    for place, stream in enumerate(streams):
        os.dup2(stream, place)
        os.close(stream)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout, sys.stderr = (os.fdopen(place, "w", closefd=False) for place in (1, 2))
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = arguments
    asking.sendall(struct.pack("!i", _run()))
    os._exit(0)


def _run() -> int:
    """Return the exit code."""
    from cli.main import main

    code: Any = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return int(code or 0)


if __name__ == "__main__":
    serve(sys.argv[1])
