"""A wrong address of a live farm, or a run of another kind: one clear line, and nothing is written."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from tests.waiting import PATIENCE_S


def one_line(outcome, code: int, *words: str) -> None:
    """Hold what a command printed against what it should say."""
    lines = outcome.err.strip().splitlines()
    assert (outcome.code, len(lines)) == (code, 1), outcome.err
    assert lines[0].startswith("error: ")
    for word in words:
        assert word in lines[0]


@pytest.fixture
def other_program() -> Iterator[str]:
    """The address of something that listens and does not speak Redis."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                with client:
                    client.recv(1000)
                    client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(timeout=PATIENCE_S)


@pytest.fixture
def simulated(autoscale) -> Path:
    """A run without a live farm."""
    outcome = autoscale("compare", "--agents", "static-12", "--episodes", 1, "--max-steps", 2, "--json")
    return Path(outcome.json()["files"]["records"])


@pytest.mark.parametrize("command", [("farm", "status"), ("farm", "up", "--workers", "0")])
def test_an_address_that_is_no_redis(autoscale, other_program: str, command: tuple[str, ...]) -> None:
    one_line(autoscale(*command, "--set", f"live.redis_url={other_program}"), 1, "does not speak the Redis protocol")


@pytest.mark.parametrize(
    ("url", "code", "word"),
    [
        ("redis://127.0.0.1:1/0", 1, "is it running, and is the address right?"),
        ("redis://:secret@127.0.0.1:1/0", 1, "redis://:***@127.0.0.1:1/0"),
        ("http://x", 2, "must begin with redis://"),
        ("redis://h/mine", 2, "database 'mine' is not a number"),
    ],
)
def test_an_address_without_a_server(autoscale, url: str, code: int, word: str) -> None:
    outcome = autoscale("farm", "status", "--set", f"live.redis_url={url}")
    one_line(outcome, code, word)
    assert "secret" not in outcome.err


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("farm", "up", "--workers", 100), ("--workers 100", "the farm has at most 32")),
        (("farm", "up", "--backend", "locale"), ("locale", "local")),
        (("farm", "down", "--namespace", "x"), ("--namespace belongs to a farm in a cluster",)),
        (("calibrate",), ("a RUN, or --probe",)),
        (("calibrate", "--probe", "--backend", "sim", "-o", "x.yml"), ("only a live farm can be probed",)),
        (("doctor", "--backend", "locale"), ("locale", "local")),
    ],
)
def test_what_cannot_be_meant_is_refused(autoscale, command: tuple[object, ...], words: tuple[str, ...]) -> None:
    one_line(autoscale(*command), 2, *words)
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("command", ["verify", "calibrate"])
def test_a_simulated_run_has_no_history(autoscale, simulated: Path, command: str) -> None:
    one_line(autoscale(command, simulated), 2, "only runs of a live farm have it")


@pytest.mark.parametrize("command", [("verify",), ("calibrate",), ("replay",), ("gap", "nowhere")])
def test_a_folder_that_is_no_run(autoscale, command: tuple[str, ...]) -> None:
    Path("empty").mkdir()
    one_line(autoscale(*command, "empty"), 2, "not there")
    assert [path.name for path in Path().iterdir()] == ["empty"]


def test_a_run_that_cannot_be_read(autoscale, simulated: Path) -> None:
    for file in ("steps.parquet", "tasks.parquet", "history.parquet"):
        (simulated / file).write_bytes(b"no parquet")
    for command in (("verify", simulated), ("replay", simulated), ("gap", simulated, simulated)):
        one_line(autoscale(*command), 2, "cannot be read")


def test_a_table_of_something_else(autoscale, simulated: Path) -> None:
    pd.DataFrame({"agent": ["a"], "step": [1]}).to_parquet(simulated / "steps.parquet")
    for command in (("replay", simulated), ("gap", simulated, simulated)):
        one_line(
            autoscale(*command), 2, "no column applied_delta, episode, episode_seed, requested_delta, requested_workers"
        )
