"""How unevenly tasks come, beyond what their rate says: index of dispersion, Allan factor, autocorrelation, peak."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from autoscaling_env.types import FloatArray

#: Windows looked at: 1, 2 and 5 times powers of ten, as long as this many fit into the episode.
LEAST_WINDOWS = 12
#: Below this mean count a window says nothing.
LEAST_MEAN = 0.5
#: Ratios this near to 1 are called those of a Poisson process.
NEAR = 1.25


@dataclass(frozen=True, slots=True)
class Window:
    """Counts of tasks in windows of one length.

    Attributes:
        window_s: how long one is.
        windows: how many there are.
        mean: tasks in one.
        index_of_dispersion: variance over mean of the counts; 1 for a Poisson process of an even rate.
        allan_factor: mean squared difference of successive counts over twice the mean; 1 for a Poisson process, and
            hardly moved by a rate that changes slowly.
        autocorrelation: of a count with the next.
        peak_to_mean: largest count over the mean one.
    """

    window_s: float
    windows: int
    mean: float
    index_of_dispersion: float
    allan_factor: float
    autocorrelation: float
    peak_to_mean: float


def dispersion(arrival_s: FloatArray, duration_s: float) -> list[Window]:
    """Return what windows of several lengths hold.

    Args:
        arrival_s: float64[n], sorted, seconds.
        duration_s: counted are whole windows from 0 to here.
    """
    powers = 10.0 ** np.arange(
        np.floor(np.log10(max(duration_s, 1e-6))) - 4, np.floor(np.log10(max(duration_s, 1))) + 1
    )
    lengths = [float(f"{step * power:.1g}") for power in powers for step in (1, 2, 5)]
    wanted = [w for w in lengths if duration_s / w >= LEAST_WINDOWS and len(arrival_s) * w / duration_s >= LEAST_MEAN]
    return [counted(arrival_s, duration_s, window_s) for window_s in wanted]


def counted(arrival_s: FloatArray, duration_s: float, window_s: float) -> Window:
    """Return what the whole windows of one length hold."""
    windows = max(2, int(duration_s / window_s * (1 + 1e-12)))
    counts, _ = np.histogram(arrival_s, np.arange(windows + 1) * window_s)
    mean = float(counts.mean())
    variance = float(counts.var(ddof=1))
    steps = np.diff(counts)
    return Window(
        window_s=window_s,
        windows=windows,
        mean=mean,
        index_of_dispersion=variance / mean if mean else 0.0,
        allan_factor=float((steps**2).mean()) / (2 * mean) if mean else 0.0,
        autocorrelation=float(np.corrcoef(counts[:-1], counts[1:])[0, 1]) if variance and np.ptp(counts[1:]) else 0.0,
        peak_to_mean=float(counts.max()) / mean if mean else 0.0,
    )


def in_words(windows: list[Window]) -> list[str]:
    """Return a sentence for the shortest and one for the longest windows."""
    if not windows:
        return ["Too few tasks to say how unevenly they come."]
    short, long = windows[0], windows[-1]
    allan = f"(Allan factor {short.allan_factor:.3g})"
    said = [f"From one {short.window_s:g} s to the next {_compared(short.allan_factor)} {allan}."]
    if long is not short:
        index = f"(index of dispersion {long.index_of_dispersion:.3g})"
        said.append(
            f"Over windows of {long.window_s:g} s, changes of the rate included, {_compared(long.index_of_dispersion)} "
            f"{index}; the fullest holds {long.peak_to_mean:.3g} times the mean."
        )
    return said


def as_rows(windows: list[Window]) -> list[dict[str, Any]]:
    """Return the windows as plain rows."""
    return [asdict(window) for window in windows]


def _compared(ratio: float) -> str:
    if ratio == 0:
        return "counts are all the same"
    if 1 / NEAR <= ratio <= NEAR:
        return "counts vary as a Poisson process's do"
    much = "more" if ratio > 1 else "less"
    return f"counts vary {much} than those of a Poisson process of that mean"
