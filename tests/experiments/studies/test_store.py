"""Where results lie: one contract, for a folder and for what fsspec opens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from autoscaling_env.errors import InputError, RunError
from experiments.studies.store import Store, check_store, manifests, open_store, read_json, write_json
from tests.experiments.studies.making import TINY, Here, opened, record_hashes, run

fsspec = pytest.importorskip("fsspec")


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    yield open_store(str(tmp_path / "store") if request.param == "folder" else f"memory://{tmp_path.name}/store")
    fsspec.filesystem("memory").store.clear()


def test_what_is_written_is_read_and_named(store: Store) -> None:
    assert store.names("done") == []
    store.write("done/a.json", b"one")
    store.write("done/a.json", b"two")
    store.write("done/deep/b", b"")
    assert store.read("done/a.json") == b"two"
    assert store.names("done") == ["a.json", "deep"]
    store.remove("done/a.json")
    store.remove("done/a.json")
    with pytest.raises(FileNotFoundError):
        store.read("done/a.json")
    store.remove("done/deep")
    assert store.names("done") == []


def test_a_workplace_is_kept_and_fetched(store: Store, tmp_path: Path) -> None:
    with store.workplace("cells/x/1") as place:
        (place / "models").mkdir()
        (place / "models" / "m").write_bytes(b"model")
        (place / "steps").write_bytes(b"steps")
        store.keep(place, "cells/x/1")
        (place / "steps").write_bytes(b"more steps")
        store.keep(place, "cells/x/1")
    assert store.names("cells/x/1") == ["models", "steps"]
    store.fetch("cells/x/1", tmp_path / "fetched")
    assert (tmp_path / "fetched" / "models" / "m").read_bytes() == b"model"
    assert (tmp_path / "fetched" / "steps").read_bytes() == b"more steps"
    assert store.read("cells/x/1/steps") == b"more steps"


def test_json_that_is_not_there_is_none_and_damaged_json_is_told(store: Store) -> None:
    assert read_json(store, "done/x.json") is None
    write_json(store, "done/x.json", {"attempt": "1"})
    assert manifests(store, ["x", "y"]) == {"x": {"attempt": "1"}}
    store.write("done/x.json", b"{")
    with pytest.raises(RunError, match=r"x\.json: cannot be read"):
        read_json(store, "done/x.json")


def test_a_store_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written to: Not a directory"):
        check_store(str(tmp_path / "file"))
    with pytest.raises(InputError, match="store nosuch://x: Protocol not known"):
        open_store("nosuch://x")


def test_a_study_in_a_store_of_another_kind_has_the_same_bytes(tmp_path: Path) -> None:
    from experiments.studies.reporting import report_study

    (tmp_path / "one").mkdir()
    here, there = opened(tmp_path / "one"), opened(tmp_path, TINY, store=f"memory://{tmp_path.name}")
    assert not run(here, Here()).failed
    assert not run(there, Here()).failed
    assert record_hashes(here) == record_hashes(there)
    assert report_study(here, tmp_path / "a").tables() == report_study(there, tmp_path / "b").tables()
