"""One row of a vector environment's infos as a mapping."""

from __future__ import annotations

import numpy as np
import pytest

from agents.libraries.sb3.infos import RowInfo

INFOS = {
    "step": np.array([1, 2]),
    "_step": np.array([True, True]),
    "only": np.array([3.5, 0.0]),
    "_only": np.array([True, False]),
    "unmasked": np.array(["a", "b"], dtype=object),
    "terms": {"qos": np.array([0.5, 0.25]), "_qos": np.array([True, True]), "less": np.array([1, 0])}
    | {"_less": np.array([True, False])},
    "_terms": np.array([True, True]),
}


def test_it_holds_what_the_row_holds() -> None:
    first, second = RowInfo(INFOS, 0, {}), RowInfo(INFOS, 1, {"mine": 7})
    assert dict(first) == {"step": 1, "only": 3.5, "unmasked": "a", "terms": {"qos": 0.5, "less": 1}}
    assert second.copy() == {"mine": 7, "step": 2, "unmasked": "b", "terms": {"qos": 0.25}}
    assert (len(first), len(second), type(first["step"])) == (4, 4, int)
    assert "only" in first
    assert "only" not in second
    assert "_step" not in first
    assert repr(second) == repr(second.copy())
    assert {**second, "x": 1} == {**second.copy(), "x": 1}


def test_what_is_not_there_is_the_default() -> None:
    info = RowInfo(INFOS, 1, {})
    assert info.get("episode") is None
    assert info.get("only", 0) == 0
    assert info.get("step") == 2
    for key in ("episode", "only", "_step"):
        with pytest.raises(KeyError):
            info[key]


def test_it_changes_alone() -> None:
    info, other = RowInfo(INFOS, 0, {}), RowInfo(INFOS, 0, {})
    info["step"] = 9
    info["episode"] = {"r": 1.0}
    del info["only"]
    assert dict(info) == {"step": 9, "unmasked": "a", "terms": {"qos": 0.5, "less": 1}, "episode": {"r": 1.0}}
    assert other["step"] == INFOS["step"][0] == 1
    assert len(other) == 4
