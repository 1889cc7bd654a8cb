"""The folder in which a user runs a local farm may hold anything: our own processes import nothing from it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from autoscaling_env.errors import BackendError, InputError
from autoscaling_env.testing.backend import steady
from live.functions.handlers import load
from live.platforms.local.processes import Processes
from tests.live.farms import done_once, live_farm, run_out

pytestmark = pytest.mark.live
#: What our processes import, and users call their files.
TAKEN = ("live", "redis", "queue", "json", "selectors", "socket", "threading", "signal")
MINE = """
from helper import ANSWER
def work(task): return ANSWER
"""


@contextmanager
def processes() -> Iterator[Processes]:
    started = Processes()
    try:
        yield started
    finally:
        started.close()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in TAKEN:
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the file of the user')")
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "helper.py").write_text("ANSWER = 7")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_farm_runs_there_and_finds_the_handler_that_lies_there() -> None:
    with live_farm(handler="mine:work") as backend:
        backend.reset(steady(10, 5.0, 0.3), 2)
        run_out(backend, 10)
        assert done_once(backend.verify()) == 10


def test_what_is_printed_before_the_protocol_is_shown(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere = folder / "packages"
    elsewhere.mkdir()
    (elsewhere / "sitecustomize.py").write_text("print('hello'); print('{}'); print(3)")
    monkeypatch.setenv("PYTHONPATH", str(elsewhere))
    with caplog.at_level(logging.WARNING), processes() as started:
        started.wait_ready(60)
        assert started.log_tail() == "hello | {} | 3"
    assert [record.getMessage() for record in caplog.records] == [
        f"the farm's processes say: {said}" for said in ("hello", "{}", "3")
    ]


def test_what_ends_a_process_before_its_protocol_is_in_the_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = folder / "packages"
    elsewhere.mkdir()
    (elsewhere / "redis.py").write_text("print('no redis today'); raise SystemExit('the file of the user')")
    monkeypatch.setenv("PYTHONPATH", str(elsewhere))
    with processes() as started, pytest.raises(BackendError, match=r"do not start: .*no redis today"):
        started.wait_ready(60)


@pytest.mark.parametrize("name", ["no_such:thing", "mine:nothing", ".mine:work", "..:x"])
def test_a_handler_that_is_not_there_is_one_line(name: str) -> None:
    with pytest.raises(InputError, match=f"^handler {name!r}: .*is its package installed where the workers run"):
        load(name)
