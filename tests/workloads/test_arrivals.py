"""Arrival processes against theory: their means, their dispersion, and what every source of tasks promises."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import pytest
from scipy import stats

from autoscaling_env.config.workload import OnOffPhase, SteadyPhase
from autoscaling_env.errors import ConfigError
from autoscaling_env.pacing import pace
from autoscaling_env.rng import stream
from autoscaling_env.testing.workload import WorkloadContract
from autoscaling_env.types import FloatArray
from simulator.compiled import pacing
from simulator.compiled.streams import Streams
from tests.workloads.making import phased
from tests.workloads.test_phased import SHAPES, STEADY
from workloads.modulation import GammaModulation
from workloads.phased import PhasedWorkload
from workloads.rates import rate_curve
from workloads.windowed import pacing_plan

KINDS: dict[str, dict[str, Any]] = {
    "exact": {"kind": "exact"},
    "poisson": {"kind": "poisson"},
    "windowed": {"kind": "windowed"},
    "long windows": {"kind": "windowed", "window_s": 7.5},
    "regular": {"kind": "gamma", "cv": 0.4},
    "irregular": {"kind": "gamma", "cv": 2.5},
    "modulated": {"kind": "modulated", "dispersion": 6.0, "correlation_s": 5.0},
}
#: Share of times that a right program fails one of these checks.
FALSE_ALARM = 1e-6
SIGMAS = float(-stats.norm.ppf(FALSE_ALARM / 2))
EPISODES = 400


def kinds(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("kind", names or list(KINDS))


def steady(kind: str, **more: Any) -> PhasedWorkload:
    """One flat phase of 50 tasks a second for 40 s."""
    return phased(STEADY | more, base_rate_per_min=3000, arrivals=KINDS[kind])


class TestEachKind(WorkloadContract):
    """All phases of every shape, by every process."""

    @pytest.fixture(params=KINDS)
    def workload(self, request: pytest.FixtureRequest) -> PhasedWorkload:
        return phased(*SHAPES.values(), arrivals=KINDS[request.param])

    @pytest.fixture(autouse=True)
    def drifting(self, workload: PhasedWorkload) -> None:
        self.drifts = workload._config.arrivals.kind == "windowed"


class TestMixed(WorkloadContract):
    """A phase for every process."""

    drifts = True

    @pytest.fixture
    def workload(self) -> PhasedWorkload:
        return mixed()


def mixed() -> PhasedWorkload:
    phases = [SHAPES[name] for name in ("steady", "ramp", "on_off", "spike", "oscillation", "rectangle", "steady")]
    return phased(*(one | {"arrivals": kind} for one, kind in zip(phases, KINDS.values(), strict=True)))


@pytest.mark.parametrize("shuffled", [None, 4])
@pytest.mark.parametrize("kind", [*KINDS, "mixed"])
def test_many_episodes_at_once_are_those_drawn_one_by_one(kind: str, shuffled: int | None) -> None:
    workload = mixed() if kind == "mixed" else phased(*SHAPES.values(), arrivals=KINDS[kind])
    seeds = np.arange(40)
    rows = workload.draw_from(Streams().of(seeds), shuffled, pacing.pace)
    for row, seed in enumerate(seeds.tolist()):
        batch = workload.draw(seed, shuffled)
        if rows.tasks is not None:
            assert rows.tasks[row] == len(batch)
            assert np.isinf(rows.arrival_s[row, len(batch) :]).all()
        for name in ("arrival_s", "service_s", "deadline_s"):
            assert getattr(rows, name)[row, : len(batch)].tobytes() == getattr(batch, name).tobytes()
        assert np.broadcast_to(rows.segment_start_s, (len(seeds), len(batch.segment_start_s)))[row].tolist() == (
            batch.segment_start_s.tolist()
        )


def counts_of(workload: PhasedWorkload, episodes: int, bins: FloatArray) -> FloatArray:
    """float64[episodes, bins]: arrivals in each bin."""
    return np.array([np.histogram(workload.draw(seed).arrival_s, bins)[0] for seed in range(episodes)], dtype=float)


@kinds("exact", "poisson", "regular", "irregular", "modulated")
@pytest.mark.parametrize("shape", ["steady", "on_off", "ramp", "oscillation"])
def test_as_many_are_expected_at_every_moment_as_the_rate_says(kind: str, shape: str) -> None:
    workload = phased(SHAPES[shape] | {"tasks": 400}, arrivals=KINDS[kind])
    bins = np.linspace(0, workload.duration_s, 9)
    counts = counts_of(workload, EPISODES, bins)
    curve = workload._curves[0]
    expected = np.diff(curve.expected(bins)) * 400 / curve.total
    error = counts.std(axis=0, ddof=1) / math.sqrt(EPISODES)
    assert (np.abs(counts.mean(axis=0) - expected) <= SIGMAS * error + 1e-9).all()


def variance_in_bounds(counts: FloatArray, expected: float, *, slack: float = 0.0) -> bool:
    """Whether a sample's variance is the expected one: the log of a sample variance, by its own fourth moment."""
    kurtosis = float(stats.kurtosis(counts, fisher=False))
    error = math.sqrt((kurtosis - 1) / len(counts))
    return abs(math.log(counts.var(ddof=1) / expected)) <= SIGMAS * error + slack


def test_a_poisson_process_has_as_much_variance_as_mean() -> None:
    counts = counts_of(steady("poisson"), EPISODES, np.linspace(0, 40, 5))
    assert variance_in_bounds(counts.ravel(), 500)
    assert variance_in_bounds(counts.sum(axis=1), 2000)
    left, right = counts[:, 0], counts[:, 1]
    assert abs(np.corrcoef(left, right)[0, 1]) <= SIGMAS / math.sqrt(EPISODES)


@pytest.mark.parametrize("kind", ["regular", "irregular"])
def test_a_renewal_process_has_the_dispersion_of_its_gaps(kind: str) -> None:
    """In equilibrium Var N(t) -> cv² t + 1/6 + cv⁴/2 - m/3 for gaps of mean 1 (Cox 1962, 4.5); gamma: m = 2 cv⁴."""
    cv = KINDS[kind]["cv"]
    counts = counts_of(steady(kind), EPISODES, np.array([0.0, 40.0]))[:, 0]
    assert variance_in_bounds(counts, cv**2 * 2000 + (1 - cv**4) / 6)


@pytest.mark.parametrize("kind", ["regular", "irregular"])
def test_gaps_have_the_coefficient_of_variation(kind: str) -> None:
    gaps = np.diff(phased(STEADY | {"tasks": 100_000}, arrivals=KINDS[kind]).draw(1).arrival_s)
    assert gaps.std() / gaps.mean() == pytest.approx(KINDS[kind]["cv"], rel=0.05)


def test_a_modulated_process_has_the_dispersion_it_was_asked_for() -> None:
    """Of a rate held for steps of d: Var N = m + (m/w)² v (w + 2 sum (w - j) r^j), with v from the dispersion."""
    workload = steady("modulated", duration_s=400)
    counts = counts_of(workload, EPISODES, np.array([0.0, 400.0]))[:, 0]
    modulation = GammaModulation.of(50, 6.0, 5.0, 400)
    steps, r = len(modulation.start_s), modulation.correlation
    later = np.arange(1, steps)
    pairs = steps + 2 * float(((steps - later) * r**later).sum())
    expected = 20_000 + (20_000 / steps) ** 2 / modulation.shape * pairs
    assert expected / 20_000 == pytest.approx(6, rel=0.05)
    assert variance_in_bounds(counts, expected)


@pytest.mark.parametrize("variance", [0.02, 1.0, 15.0])
def test_the_modulation_is_a_stationary_gamma_process(variance: float) -> None:
    modulation = GammaModulation(np.arange(60.0), 1 / variance, 0.7, 2.0)
    values = np.array([modulation.sample(stream(seed, "arrivals")) for seed in range(4000)])
    for step in (0, 59):
        law = stats.gamma(1 / variance, scale=variance)
        assert stats.kstest(values[:, step], law.cdf).pvalue > FALSE_ALARM
    for lag in (1, 3):
        found = np.mean([np.corrcoef(values[:, at], values[:, at + lag])[0, 1] for at in range(0, 50, 10)])
        assert found == pytest.approx(0.7**lag, abs=0.12)


PHASE = SteadyPhase(pattern="steady", duration_s=60.0, rate=5.0)
SILENT = OnOffPhase(pattern="on_off", duration_s=40.0, on_rate=2.0, on_s=10.0, off_s=10.0)


class TestTheReferenceEmitter:
    """What is known of it: see docs/workloads.md."""

    workload = phased(base_rate_per_min=300)

    def test_1140_tasks_arrive_in_225_seconds_give_or_take_9(self) -> None:
        ends = np.array([self.workload.draw(seed).arrival_s[-1] for seed in range(EPISODES)])
        assert ends.mean() == pytest.approx(225, abs=2)
        assert ends.std() == pytest.approx(9, abs=1.5)

    def test_a_phase_has_its_tasks_and_ends_with_the_last(self) -> None:
        for seed in range(20):
            batch = self.workload.draw(seed)
            first = np.searchsorted(batch.arrival_s, batch.segment_start_s)
            assert np.diff([*first, len(batch)]).tolist() == [90, 450, 300, 300]
            assert batch.segment_start_s[1:].tolist() == np.nextafter(batch.arrival_s[first[1:] - 1], np.inf).tolist()

    def test_windows_have_poisson_numbers_of_what_is_due(self) -> None:
        """The first window of 60 with 300 tasks due has a Poisson number of mean 5 (chi-square).

        Gaps of 1 make the first window take one second and end there: its tasks are those up to 1.0.
        """
        plan = pacing_plan([rate_curve(PHASE, 1.0)], [300], [1.0])
        levels = [stream(seed, "arrivals").standard_exponential(300) for seed in range(3000)]
        drawn = np.concatenate((levels, np.ones((3000, 300))), axis=1)
        arrival_s, _ = pacing.pace(drawn, plan)
        first = (np.diff(arrival_s, axis=1, prepend=0.0).cumsum(axis=1) <= 1 + 1e-9).sum(axis=1)
        law = stats.poisson(5).pmf(np.arange(12))
        seen = np.bincount(np.minimum(first, 11), minlength=12)
        assert seen[0] == 0  # an empty window takes no time, so it cannot be told from the next one
        some = np.bincount(np.minimum(first, 11), minlength=12)[1:]
        expected = np.append(law[1:11], 1 - law[:11].sum()) / (1 - law[0]) * 3000
        assert stats.chisquare(some, expected).pvalue > FALSE_ALARM

    def test_compiled_or_not_the_tasks_are_the_same(self) -> None:
        phases = (PHASE, SILENT)
        plan = pacing_plan([rate_curve(phase, 1.0) for phase in phases], [90, 40], [1.0, 5.0])
        drawn = np.array([stream(seed, "arrivals").standard_exponential(260) for seed in range(50)])
        for plain, compiled in zip(pace(drawn, plan), pacing.pace(drawn, plan), strict=True):
            assert plain.tobytes() == compiled.tobytes()

    def test_silence_takes_its_time(self) -> None:
        silent = {"pattern": "on_off", "duration_s": 40, "on_rate": 20, "on_s": 10, "off_s": 10}
        batch = phased(silent, arrivals=KINDS["windowed"]).draw(3)
        assert np.diff(batch.arrival_s).max() > 9.9


@pytest.mark.parametrize(
    ("arrivals", "problem"),
    [
        (
            {"kind": "modulated", "dispersion": 5000.0, "correlation_s": 5.0},
            r"workload.arrivals.dispersion: 5000: must be at most \S+ with 10 tasks a second",
        ),
        (
            {"kind": "modulated", "dispersion": 1.1, "correlation_s": 1e-4},
            r"workload.arrivals.correlation_s: 0.0001: must be at least 0.0016 for a phase this long",
        ),
    ],
)
def test_what_cannot_be_is_one_line(arrivals: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        phased(STEADY, arrivals=arrivals)


def test_a_phase_of_its_own_arrivals_wins_and_the_others_have_the_workloads() -> None:
    own = STEADY | {"arrivals": KINDS["poisson"]}
    lengths = {len(phased(own, STEADY, arrivals=KINDS["windowed"]).draw(seed)) for seed in range(20)}
    assert len(lengths) > 5
    draw = partial(phased(STEADY, own, arrivals=KINDS["exact"]).draw)
    first = {int(np.searchsorted(draw(seed).arrival_s, draw(seed).segment_start_s[1])) for seed in range(20)}
    assert first == {400}
