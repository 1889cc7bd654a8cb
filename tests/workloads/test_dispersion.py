"""How unevenly tasks come: the ratios against theory, and the process that recorded episodes came from."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autoscaling_env.rng import stream
from tests.workloads.making import phased
from tests.workloads.test_arrivals import KINDS
from workloads.arrival_fit import fit_arrivals
from workloads.dispersion import counted, dispersion, in_words
from workloads.events import Events
from workloads.fitted_dispersion import dispersion_note
from workloads.fitting import Fit

STEADY = {"pattern": "steady", "duration_s": 600, "rate": 1.0}


def test_a_poisson_process_has_ratios_of_one() -> None:
    arrival_s = np.cumsum(stream(1, "arrivals").standard_exponential(200_000)) / 10
    for window in dispersion(arrival_s, float(arrival_s[-1]))[:-3]:
        assert window.index_of_dispersion == pytest.approx(1, abs=0.2)
        assert window.allan_factor == pytest.approx(1, abs=0.2)
        assert window.autocorrelation == pytest.approx(0, abs=0.2)


def test_a_clock_has_no_dispersion() -> None:
    window = counted(np.arange(1000, dtype=np.float64) + 0.5, 1000, 10)
    assert (window.index_of_dispersion, window.allan_factor, window.peak_to_mean) == (0, 0, 1)
    assert window.windows == 100


def test_a_trend_moves_the_index_and_not_the_allan_factor() -> None:
    ramp = {"pattern": "ramp", "duration_s": 2000, "from_rate": 0.1, "to_rate": 3.0}
    window = counted(phased(ramp).draw(1).arrival_s, 2000, 10)
    assert window.index_of_dispersion > 20
    assert window.allan_factor == pytest.approx(1, abs=0.35)
    assert window.autocorrelation > 0.9


def test_words_say_what_the_figures_say() -> None:
    bursty = phased(STEADY, arrivals=KINDS["modulated"]).draw(1).arrival_s
    short, long = in_words(dispersion(bursty, 600))
    assert short.startswith("From one ")
    assert "vary more than those of a Poisson process" in long
    assert in_words(dispersion(np.array([1.0, 2.0]), 600)) == ["Too few tasks to say how unevenly they come."]


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("exact", {}),
        ("poisson", {}),
        ("windowed", {}),
        ("regular", {"cv": pytest.approx(0.4, rel=0.1)}),
        ("irregular", {"cv": pytest.approx(2.5, rel=0.15)}),
        ("modulated", {"dispersion": pytest.approx(6, rel=0.3), "correlation_s": pytest.approx(5, rel=0.5)}),
    ],
)
def test_the_process_of_recorded_episodes_is_found(kind: str, settings: dict[str, Any]) -> None:
    workload = phased(STEADY, {"pattern": "steady", "duration_s": 600, "rate": 0.8}, arrivals=KINDS[kind])
    found = fit_arrivals(workload._config, [workload.draw(seed).arrival_s for seed in range(10)])
    assert found.arrivals is not None
    assert found.arrivals.kind == KINDS[kind]["kind"]
    for name, value in settings.items():
        assert getattr(found.arrivals, name) == value
    assert found.why.endswith(".")


def test_a_few_tasks_tell_nothing() -> None:
    workload = phased({"pattern": "steady", "duration_s": 10, "rate": 1.0})
    assert fit_arrivals(workload._config, [workload.draw(1).arrival_s]).arrivals is None


def test_thinning_takes_the_excess_by_its_share() -> None:
    """I -> 1 + p (I - 1)."""
    clumps = np.repeat(np.cumsum(stream(2, "arrivals").standard_exponential(4000)), 25)
    events = Events(clumps, None, None, float(clumps[-1]) + 1)
    note = dispersion_note(events, Fit(240, 1.0, 20_000, 20_000))[0]
    now, before = map(float, re.findall(r"(?:of|recorded) ([\d.]+)", note))
    assert now - 1 == pytest.approx(0.2 * (before - 1), rel=0.1)
    about = dispersion_note(replace(events, share=0.5), Fit(240, 1.0, 20_000, 20_000))[0]
    assert float(re.findall(r"about ([\d.]+)", about)[0]) == pytest.approx(1 + 10 * (now - 1), rel=0.15)
    assert dispersion_note(events, Fit(240, 1.0, 100_000, 100_000)) == ()
