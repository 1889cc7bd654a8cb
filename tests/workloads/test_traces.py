"""Traces: what is read, how it is fitted, what an episode's seed changes and what it does not."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import stats

from autoscaling_env.errors import TraceError
from autoscaling_env.testing.workload import WorkloadContract, same
from tests.workloads.making import azure2019, azure2021, config_for, counts, durations2019, traced
from workloads import make_workload, sample_trace_path
from workloads.events import Events
from workloads.intervals import Quantiles
from workloads.trace import TraceWorkload
from workloads.traces.azure2019 import MinuteCounts
from workloads.traces.pool import Pool

FALSE_ALARM = 1e-6


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Write a text as a file and return where it is."""

    def writer(text: str | bytes, name: str = "trace.csv") -> Path:
        (tmp_path / name).write_bytes(text.encode() if isinstance(text, str) else text)
        return tmp_path / name

    return writer


class TestAzure2021(WorkloadContract):
    """Invocations with end and duration, fitted."""

    @pytest.fixture
    def workload(self, write: Any) -> TraceWorkload:
        return traced(write(azure2021()))


class TestAzure2019(WorkloadContract):
    """Counts per minute with percentiles of durations, fitted."""

    @pytest.fixture
    def workload(self, write: Any) -> TraceWorkload:
        return traced(write(azure2019()), durations=str(write(durations2019(), "durations.csv")))


class TestPlain(WorkloadContract):
    """Arrivals, service times and deadlines, as recorded."""

    @pytest.fixture
    def workload(self, write: Any) -> TraceWorkload:
        rows = "".join(f"{i * 0.7 % 60},{1 + i % 4},{3 + i % 5}\n" for i in range(100))
        return traced(write("arrival_s,service_s,deadline_s\n" + rows), as_recorded=True)


class TestTimestampsAlone(WorkloadContract):
    """Arrivals only, service times from the model."""

    @pytest.fixture
    def workload(self, write: Any) -> TraceWorkload:
        rows = "".join(f"2026-02-03T04:{i // 60:02d}:{i % 60:02d}Z\n" for i in range(600))
        return traced(write("timestamp\n" + rows))


class TestCounts(WorkloadContract):
    """Counts per interval, fitted."""

    @pytest.fixture
    def workload(self, write: Any) -> TraceWorkload:
        return traced(write(counts()))


class TestSample(WorkloadContract):
    """The packaged trace."""

    @pytest.fixture
    def workload(self) -> TraceWorkload:
        return traced(sample_trace_path())


def test_azure2021_starts_are_ends_minus_durations(write: Any) -> None:
    text = "app,func,end_timestamp,duration\na,f,10,1\na,f,12,5\na,g,13.5,0.5\n"
    batch = traced(write(text), as_recorded=True).draw(0)
    assert batch.arrival_s.tolist() == [0.0, 2.0, 6.0]
    assert batch.service_s.tolist() == [5.0, 1.0, 0.5]
    assert batch.deadline_s.tolist() == [10.0, 2.0, 1.0]


def test_functions_are_selected_by_their_first_characters(write: Any) -> None:
    path = write(azure2021(300))
    assert len(traced(path, as_recorded=True, functions=["f1"]).draw(0)) == 100
    assert len(traced(path, as_recorded=True, functions=["f1", "f2"]).draw(0)) == 200


def test_azure2019_counts_are_exact_as_recorded(write: Any) -> None:
    durations = str(write(durations2019(), "durations.csv"))
    workload = traced(write(azure2019(10)), durations=durations, as_recorded=True)
    for seed in (0, 1):
        batch = workload.draw(seed)
        per_minute, _ = np.histogram(batch.arrival_s, np.arange(0, 601, 60))
        assert per_minute.tolist() == [5] * 5 + [3] * 5
        early, late = batch.service_s[:25], batch.service_s[25:]
        assert early.min() >= 0.05
        assert early.max() <= 0.4
        assert late.min() >= 0.1
        assert late.max() <= 0.8
    assert not same(workload.draw(0), workload.draw(1))


def test_azure2019_service_times_follow_the_percentiles() -> None:
    """Kolmogorov-Smirnov against the piecewise linear distribution (false alarm 1e-6)."""
    levels, values = np.array([0, 0.01, 0.25, 0.5, 0.75, 0.99, 1]), np.array([[0.05, 0.06, 0.09, 0.1, 0.11, 0.19, 0.4]])
    quantiles = Quantiles(levels, values)
    drawn = quantiles.draw(np.zeros(20_000, dtype=np.intp), np.random.default_rng(0))
    assert stats.kstest(np.interp(drawn, values[0], levels), "uniform").pvalue > FALSE_ALARM
    assert abs(drawn.mean() - quantiles.means_s()[0]) < 6 * drawn.std() / np.sqrt(len(drawn))


def test_functions_without_durations_can_be_left_out(write: Any) -> None:
    durations = str(write(durations2019("x"), "durations.csv"))
    workload = traced(write(azure2019(10)), durations=durations, drop_without_durations=True, as_recorded=True)
    assert len(workload.draw(0)) == 25
    assert "Left out 1 function whose durations are not known." in workload.notes


def test_counts_are_exact_as_recorded_and_gaps_are_silent(write: Any) -> None:
    text = "timestamp,value\n0,5\n60,0.5\n120,0.5\n180,2\n600,3\n660,1\n720,4\n"
    batch = traced(write(text), as_recorded=True).draw(1)
    per_interval, _ = np.histogram(batch.arrival_s, [0, 60, 120, 180, 240, 600, 660, 720, 780])
    assert per_interval[[0, 3, 4, 5, 6, 7]].tolist() == [5, 2, 0, 3, 1, 4]
    assert per_interval[1:3].sum() == 1


def test_thinned_counts_follow_the_recorded_rate(write: Any) -> None:
    """Chi-squared over the half days of the recording (false alarm 1e-6)."""
    workload = traced(write(counts()), load=0.9)
    batch = workload.draw(2)
    held, _ = np.histogram(batch.arrival_s, np.linspace(0, workload.duration_s, 49))
    recorded = np.array([480.0 if 8 <= hour % 24 < 20 else 120.0 for hour in range(48)])
    assert stats.chisquare(held, recorded / recorded.sum() * held.sum()).pvalue > FALSE_ALARM


def test_a_byte_order_mark_and_windows_line_ends_are_read(write: Any) -> None:
    batch = traced(write(b"\xef\xbb\xbfarrival_s,service_s\r\n2,1\r\n1,3\r\n"), as_recorded=True).draw(0)
    assert batch.arrival_s.tolist() == [1.0, 2.0]
    assert batch.service_s.tolist() == [3.0, 1.0]


def test_blank_lines_and_quotes_are_read(write: Any) -> None:
    batch = traced(write('\n"arrival_s","service_s"\n\n"2",1\n\n1,3\n\n'), as_recorded=True).draw(0)
    assert batch.arrival_s.tolist() == [1.0, 2.0]


def test_gzip_is_read_as_it_is(write: Any) -> None:
    plain = traced(write(azure2021()))
    packed = traced(write(gzip.compress(azure2021().encode()), "trace.csv.gz"))
    assert same(plain.draw(3), packed.draw(3))
    assert packed.name == "trace"


def test_what_is_written_is_read_back_to_the_bit(tmp_path: Path) -> None:
    from workloads.writing import write_csv

    batch = traced(sample_trace_path()).draw(5)
    write_csv(batch, tmp_path / "out.csv")
    again = traced(tmp_path / "out.csv", as_recorded=True, segments=1).draw(99)
    for name in ("arrival_s", "service_s", "deadline_s"):
        assert getattr(batch, name).tobytes() == getattr(again, name).tobytes()


def test_a_fitted_trace_has_the_episodes_length_and_the_stated_load(write: Any) -> None:
    for path in (write(azure2021(), "a.csv"), write(counts(), "b.csv"), sample_trace_path()):
        for share in (0.1, 0.5, 1.5):
            workload = traced(path, mean_utilisation=share)
            assert workload.duration_s == 240
            work_s = len(workload.draw(0)) * workload.mean_service_s
            assert work_s == pytest.approx(share * 32 * 240, abs=workload.mean_service_s)


def test_compression_and_load_can_be_given(write: Any) -> None:
    workload = traced(write(azure2021()), compress=2, load=1)
    recorded = traced(write(azure2021()), as_recorded=True)
    assert workload.duration_s == pytest.approx(recorded.duration_s / 2)
    np.testing.assert_allclose(workload.draw(0).arrival_s, recorded.draw(0).arrival_s / 2)
    np.testing.assert_array_equal(workload.draw(0).service_s, recorded.draw(1).service_s)


def test_a_range_is_cut_out_and_time_counts_from_its_start(write: Any) -> None:
    recorded = traced(write(azure2021()), as_recorded=True).draw(0)
    workload = traced(write(azure2021()), as_recorded=True, start_s=10, end_s=30)
    inside = (recorded.arrival_s >= 10) & (recorded.arrival_s < 30)
    np.testing.assert_array_equal(workload.draw(0).arrival_s, recorded.arrival_s[inside] - 10)
    assert workload.duration_s == 20


def test_tasks_are_capped(write: Any) -> None:
    path = write(azure2021())
    assert len(traced(path, max_tasks=50).draw(0)) == 50
    first = traced(path, as_recorded=True, max_tasks=50).draw(0)
    np.testing.assert_array_equal(first.arrival_s, traced(path, as_recorded=True).draw(0).arrival_s[:50])


def test_recorded_service_times_can_be_scaled(write: Any) -> None:
    path = write(azure2021())
    plain, scaled = traced(path, as_recorded=True), traced(path, as_recorded=True, service_scale=0.5)
    np.testing.assert_array_equal(scaled.draw(0).service_s, plain.draw(0).service_s * 0.5)
    assert scaled.mean_service_s == plain.mean_service_s * 0.5


def test_as_recorded_nothing_depends_on_the_seed(write: Any) -> None:
    workload = traced(write(azure2021()), as_recorded=True)
    assert same(workload.draw(1), workload.draw(2))


EVENTS = Events(np.sort(np.random.default_rng(0).random(50) * 100), np.arange(1.0, 51.0), None, 100.0)


@settings(max_examples=100, deadline=None)
@given(tasks=st.integers(1, 260), seed=st.integers(0, 2**53 - 1))
def test_thinning_and_repeating_draw_exactly_so_many_recorded_tasks(tasks: int, seed: int) -> None:
    drawn = EVENTS.draw(tasks, seed)
    assert drawn.service_s is not None
    times = np.bincount(drawn.service_s.astype(int) - 1, minlength=50)
    assert times.sum() == tasks
    assert set(times.tolist()) <= {tasks // 50, tasks // 50 + 1}
    assert (np.diff(drawn.arrival_s) >= 0).all()
    assert ((drawn.arrival_s >= 0) & (drawn.arrival_s < 100)).all()


@settings(max_examples=50, deadline=None)
@given(tasks=st.integers(50, 260), seed=st.integers(0, 1000))
def test_copies_come_before_the_next_recorded_arrival(tasks: int, seed: int) -> None:
    drawn = EVENTS.draw(tasks, seed)
    assert drawn.service_s is not None
    original = drawn.service_s.astype(int) - 1
    upper = np.append(EVENTS.arrival_s[1:], EVENTS.span_s)
    assert (drawn.arrival_s >= EVENTS.arrival_s[original]).all()
    assert (drawn.arrival_s <= upper[original]).all()


def test_every_task_is_as_likely_to_be_kept() -> None:
    """Chi-squared over 2000 episodes that keep 10 of 50 tasks (false alarm 1e-6)."""
    kept = np.zeros(50)
    for seed in range(2000):
        service_s = EVENTS.draw(10, seed).service_s
        assert service_s is not None
        kept[service_s.astype(int) - 1] += 1
    assert stats.chisquare(kept).pvalue > FALSE_ALARM


def test_a_full_pool_keeps_an_even_sample() -> None:
    """Kolmogorov-Smirnov: early and late rows are as likely to stay (false alarm 1e-6)."""
    pool = Pool(capacity=4000)
    for start in range(0, 100_000, 1000):
        pool.add(np.arange(start, start + 1000, dtype=np.float64), np.ones(1000))
    rows, _ = pool.columns(2)
    assert 1000 <= len(rows) <= 4000
    assert abs(len(rows) / pool.share - 100_000) < 6 * np.sqrt(100_000 / pool.share)
    assert stats.kstest(rows / 100_000, "uniform").pvalue > FALSE_ALARM


def test_full_minute_counts_keep_an_even_sample() -> None:
    """As many tasks estimated as counted, early as late, however often the memory was full."""
    cells = MinuteCounts(capacity=2000)
    for function in range(400):
        cells.add(np.full((1, 50), 8.0), np.array([function]), np.arange(50))
    minute, function, count = cells.columns()
    assert count.sum() > 500
    assert abs(count.sum() / cells.share - 160_000) < 6 * np.sqrt(160_000 / cells.share)
    assert stats.kstest(np.repeat(function, count.astype(int)) / 400, "uniform").pvalue > FALSE_ALARM
    assert (count > 0).all()
    assert minute.max() == 49


def test_a_sampled_trace_says_so_and_is_not_replayed_untouched(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pool.__init__, "__defaults__", (100,))
    path = write(azure2021())
    assert any("random sample" in note for note in traced(path).notes)
    assert same(traced(path).draw(1), traced(path).draw(1))
    with pytest.raises(TraceError, match="too many to replay as recorded; narrow it with start_s, end_s or functions"):
        traced(path, as_recorded=True)


COUNTS_READ = (
    "Read timestamp, value as counts (if they are rates, say unit: per_second), local times of UTC, as none is said, "
    "576 intervals of 300 s."
)


def test_the_notes_say_what_was_done(write: Any) -> None:
    assert traced(write(azure2021())).notes == (
        "trace.csv (azure2021): 200 tasks over 100 s.",
        "Stretched 2.4 times in time, to 240 s.",
        "Repeated 32.33 times, to 6465 tasks, other copies in each episode.",
        "Service times are the recorded ones: 0.594 s on average.",
        "Offered load: 16 workers busy on average, 0.5 of 32.",
        (
            "Counts per 4 s have an index of dispersion of 0.106, as recorded 0.0678: repeated, it keeps its shape "
            "and grows."
        ),
    )
    assert traced(write(counts()), as_recorded=True, max_tasks=100).notes == (
        "trace.csv (counts): 14400 tasks over 172,800 s.",
        COUNTS_READ,
        "Replayed as recorded up to max_tasks: the first 100 of 14400 tasks.",
        "Service times are not recorded: drawn from `service`, 1.472 s on average.",
        "Offered load: 0.000852 workers busy on average, 2.66e-05 of 32.",
        "The episode ends after 240 s of these 172,800 s.",
    )


def test_silence_at_the_ends_is_left_out_when_fitting(write: Any) -> None:
    text = "timestamp,value\n" + "".join(f"{60 * i},{9 if 30 <= i < 60 else 0}\n" for i in range(100))
    workload = traced(write(text))
    assert "Left out 4,200 s without tasks before the first and after the last." in workload.notes
    assert workload.draw(0).arrival_s[0] < 5
    assert workload.draw(0).arrival_s[-1] > 235


def test_progress_ends_at_all_bytes(write: Any) -> None:
    path, calls = write(azure2021()), []
    make_workload(config_for(path), progress=lambda done, total: calls.append((done, total)))
    assert calls[-1] == (path.stat().st_size, path.stat().st_size)
    assert calls == sorted(calls)


def test_a_second_process_draws_the_same_bytes(write: Any) -> None:
    path = write(azure2021())
    code = (
        "import sys;from tests.workloads.making import traced;b=traced(sys.argv[1]).draw(42);"
        "sys.stdout.buffer.write(b.arrival_s.tobytes()+b.service_s.tobytes())"
    )
    other = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, check=True).stdout
    batch = traced(path).draw(42)
    assert other == batch.arrival_s.tobytes() + batch.service_s.tobytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"as_recorded": True, "load": 2.0}, "as_recorded replays untouched; leave out compress and load"),
        ({"start_s": 5, "end_s": 5}, "end_s 5 must lie after start_s 5"),
        ({"mean_utilisation": 0}, "greater than 0"),
        ({"unit": "per_fortnight"}, "unit 'per_fortnight': must be one of count, per_second"),
        ({"timezone": "Europe/Berln"}, "timezone 'Europe/Berln' (did you mean 'Europe/Berlin'?)"),
    ],
)
def test_options_that_contradict_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        config_for("trace.csv", **options)
    assert message in str(caught.value)
