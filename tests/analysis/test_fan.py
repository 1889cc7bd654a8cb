"""The fan chart: every band is where its quantiles are, every count where it came."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from numpy.testing import assert_array_equal

from analysis.fan import Fan
from analysis.plots import fan_plot


def fan(begin: int, before: int, horizon: int = 3) -> Fan:
    quantiles = np.arange(5.0)[:, None] + np.arange(horizon)
    return Fan(f"at {begin}", begin, np.full(before, 7), np.full(horizon, 2), quantiles)


@pytest.mark.parametrize("count", [1, 2, 4, 6])
def test_each_fan_has_a_panel(count: int, tmp_path: Path, figures: list[Figure]) -> None:
    path = fan_plot([fan(10 * place, min(place, 2)) for place in range(count)], tmp_path / "fan.png", step_s=5.0)
    assert path.read_bytes().startswith(b"\x89PNG")
    panels = [axes for axes in figures[0].axes if axes.axison]
    assert [axes.get_title(loc="left") for axes in panels] == [f"at {10 * place}" for place in range(count)]
    last = panels[-1]
    before = min(count - 1, 2)
    first_s = 5.0 * 10 * (count - 1)
    assert last.get_xlim() == (first_s - 5.0 * before, first_s + 15.0)
    (median,) = (line for line in last.lines if line.get_label() == "median")
    assert_array_equal(median.get_ydata(), [2, 2, 3, 3, 4, 4])
    assert_array_equal(median.get_xdata(), first_s + np.array([0, 5, 5, 10, 10, 15]))
    wide, narrow = (each.get_paths()[0].get_extents() for each in last.collections[:2])
    assert (wide.ymin, wide.ymax) == (0, 6)
    assert (narrow.ymin, narrow.ymax) == (1, 5)
    (came,) = last.patches
    assert isinstance(came, StepPatch)
    assert_array_equal(came.get_data()[0], [7] * before + [2] * 3)
