"""Scores between two policies, and the share of runs above each threshold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from analysis.plots.study import curve, efficiency_plot, profile_plot
from analysis.scores import performance_profile, scores

VALUES = st.lists(st.floats(-100, 100), min_size=1, max_size=8).map(np.array)


def test_a_score_is_0_for_one_and_1_for_the_other() -> None:
    zero, one = np.array([-10.0, -20.0]), np.array([-5.0, -10.0])
    assert scores(zero, zero, one).tolist() == [0, 0]
    assert scores(one, zero, one).tolist() == [1, 1]
    assert scores(np.array([-7.5, -25.0]), zero, one).tolist() == [0.5, -0.5]
    assert scores(np.array([1.0, 2.0]), np.array([0.0]), np.array([4.0])).tolist() == [0.25, 0.5]


@given(strata=st.lists(VALUES, min_size=1, max_size=4))
def test_a_profile_falls_from_1_to_0_inside_its_band(strata: list[np.ndarray]) -> None:
    thresholds = np.linspace(-101, 101, 21)
    found = performance_profile(strata, thresholds, np.random.default_rng(0), resamples=99)
    assert found.share[0] == 1
    assert found.share[-1] == 0
    assert (np.diff(found.share) <= 0).all()
    everything = np.concatenate(strata)
    np.testing.assert_allclose(found.share, [(everything > each).mean() for each in thresholds])
    assert (found.low <= found.high).all()
    if all(len(each) == 1 for each in strata):  # nothing to draw
        np.testing.assert_allclose(found.low, found.high)


def test_the_band_of_a_profile_covers_the_truth() -> None:
    rng, inside = np.random.default_rng(1), 0
    for _ in range(200):
        found = performance_profile([rng.normal(size=30), rng.normal(size=30)], np.zeros(1), rng, resamples=199)
        inside += int(found.low[0] <= 0.5 <= found.high[0])
    assert 0.88 <= inside / 200 <= 1.0  # 95 % but for the discreteness of 60 runs


def test_a_curve_has_an_interval_at_each_checkpoint() -> None:
    rows = [(run, episode, float(run + episode)) for run in range(3) for episode in (0, 10)]
    part = pd.DataFrame(rows, columns=["run", "episode", "total_reward"])
    found = curve(part, np.random.default_rng(0))
    assert found["estimate"].to_dict() == {0: 1.0, 10: 11.0}
    assert (found["low"] < found["estimate"]).all()


def test_pictures_are_drawn(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    scored = {name: [rng.normal(size=3), rng.normal(size=3)] for name in ("a", "b")}
    rows = [("x", name, run, episode, 1.0 * run) for name in scored for run in range(2) for episode in (0, 5)]
    checkpoints = pd.DataFrame(rows, columns=["place", "label", "run", "episode", "total_reward"])
    for path in (
        profile_plot(scored, tmp_path / "profiles.png", rng),
        efficiency_plot(checkpoints, tmp_path / "efficiency.png", rng),
    ):
        assert path.read_bytes().startswith(b"\x89PNG")
