"""Whatever runs a study: the same bytes, and what dies takes nothing else with it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from autoscaling_env.errors import BackendError, InputError
from experiments.schedulers import list_places, scheduler_on
from experiments.studies import queueing
from tests.experiments.studies.making import TINY, Here, Told, made, opened, record_hashes, run

#: A policy whose process dies the first time that it is asked for another one than that which looks for it.
DIES_ONCE = """
import os
from pathlib import Path
from agents.reactive import Static
def make():
    if os.environ.get("STUDY_TEST") != str(os.getpid()) and not Path("died").exists():
        Path("died").touch()
        os._exit(1)
    return Static(7)
"""


@pytest.mark.parametrize("place", [pytest.param(place, marks=pytest.mark.slow) for place in list_places()])
@pytest.mark.filterwarnings("default")  # Ray's own
def test_the_bytes_do_not_depend_on_what_ran_them(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray" if place == "ray" else "os")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STUDY_TEST", str(os.getpid()))
    monkeypatch.setattr(queueing, "BACKOFF_S", 0.0)
    Path("dies_once_in_a_study.py").write_text(DIES_ONCE)
    evaluate = {"policies": ["static-9", "dies_once_in_a_study:make"], "episodes": 2, "tests": "shared"}
    here, there = (opened(made(tmp_path / name), TINY, evaluate=evaluate) for name in ("here", "there"))
    assert not run(here, Here()).failed
    told = Told()
    assert not run(there, scheduler_on(place, jobs=1)(), listener=told).failed
    assert record_hashes(here) == record_hashes(there)
    assert Path("died").exists()
    assert [note for note in told.notes if "tried again (2 of 5)" in note]
    assert told.progress[0].where


def test_an_unknown_place_is_told() -> None:
    with pytest.raises(InputError, match="unknown place 'loca'"):
        scheduler_on("loca")


@pytest.mark.filterwarnings("default")
def test_a_cluster_that_is_not_there_is_told() -> None:
    pytest.importorskip("ray")
    with (
        pytest.raises(BackendError, match=r"--address 127\.0\.0\.1:1: no Ray cluster"),
        scheduler_on("ray", address="127.0.0.1:1")(),
    ):
        pass
