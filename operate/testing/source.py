"""The Source contract as tests: inherit ``SourceContract``, say how a queue is filled and broken, and it must pass."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

import pytest

from autoscaling_env.errors import BackendError
from operate.reading import Fact, Reading
from operate.source import Recalls, Source

#: Seconds in which a reading is there or an error is raised, with some for a busy machine.
ANSWERS_WITHIN_S = 5.0
#: Seconds after which a source works again whose server is back.
HEALS_WITHIN_S = 20.0


class Bench(Protocol):
    """A queue under test, and what its producers and workers do there.

    Attributes:
        source: what is tested.
        secrets: passwords and keys that must never be shown.
    """

    source: Source
    secrets: tuple[str, ...]

    def put(self, tasks: int) -> None:
        """Let so many tasks come."""

    def take(self, tasks: int) -> None:
        """Let workers take so many."""

    def finish(self, tasks: int) -> None:
        """Let workers finish so many of those they hold."""

    def cut(self) -> None:
        """Make the server go away, as when it crashes."""

    def mend(self) -> None:
        """Bring it back."""

    def stall(self) -> None:
        """Make the server take connections and answer nothing."""

    def resume(self) -> None:
        """Make it answer again."""

    def contents(self) -> Any:
        """Return all that a reader could have changed, to be compared."""


class SourceContract:
    """Laws of every source. Inherit it, and give the fixture ``bench`` a fresh queue that the source may only read."""

    settles_s = 0.0
    """Seconds after which what happened in the queue stands in a reading."""

    def read_when(self, bench: Bench, true: Callable[[Reading], bool], what: str) -> Reading:
        """Return the first reading of which it is true; fail when it takes longer than ``settles_s``."""
        until = time.monotonic() + self.settles_s
        while True:
            late = time.monotonic() >= until
            reading = bench.source.read()
            if true(reading):
                return reading
            assert not late, f"{what}: {reading}"
            time.sleep(0.05)

    def read_again(self, bench: Bench) -> Reading:
        """Return the first reading after an outage."""
        until = time.monotonic() + HEALS_WITHIN_S
        while True:
            try:
                return bench.source.read()
            except BackendError:
                assert time.monotonic() < until, "it does not work again"
                time.sleep(0.1)

    def needs(self, bench: Bench, *facts: Fact) -> None:
        """Skip what a source cannot be asked for."""
        if missing := [fact for fact in facts if fact not in bench.source.knows]:
            pytest.skip(f"it does not know {', '.join(missing)}")

    def test_it_is_a_source(self, bench: Bench) -> None:
        assert isinstance(bench.source, Source)
        assert {Fact.BACKLOG, Fact.ARRIVED} & bench.source.knows

    def test_it_delivers_what_it_knows_and_nothing_else(self, bench: Bench) -> None:
        bench.put(5)
        bench.take(2)
        bench.finish(1)
        known = {fact for fact in Fact if fact in bench.source.knows}
        reading = self.read_when(bench, lambda seen: known == _given(seen), "not what it knows")
        assert all(getattr(reading, fact) >= 0 for fact in known)
        assert reading.age_s >= 0

    def test_the_backlog_is_what_was_put_and_not_taken(self, bench: Bench) -> None:
        self.needs(bench, Fact.BACKLOG)
        self.read_when(bench, lambda seen: seen.backlog == 0, "nothing was put")
        bench.put(7)
        self.read_when(bench, lambda seen: seen.backlog == 7, "7 were put")
        bench.take(3)
        self.read_when(bench, lambda seen: seen.backlog == 4, "3 of 7 were taken")

    def test_in_flight_is_what_was_taken_and_not_finished(self, bench: Bench) -> None:
        self.needs(bench, Fact.IN_FLIGHT)
        bench.put(6)
        bench.take(4)
        self.read_when(bench, lambda seen: seen.in_flight == 4, "4 were taken")
        bench.finish(3)
        self.read_when(bench, lambda seen: seen.in_flight == 1, "3 of 4 were finished")

    def test_counters_count_what_came_and_went_and_never_fall(self, bench: Bench) -> None:
        counters = [fact for fact in (Fact.ARRIVED, Fact.COMPLETED) if fact in bench.source.knows]
        if not counters:
            pytest.skip("it knows no counter")
        seen = [self.read_when(bench, lambda seen: set(counters) <= _given(seen), "no counters")]
        for _ in range(4):
            bench.put(5)
            seen.append(bench.source.read())
            bench.take(4)
            seen.append(bench.source.read())
            bench.finish(3)
            seen.append(bench.source.read())
        for fact, whole in (Fact.ARRIVED, 20), (Fact.COMPLETED, 12):
            if fact in counters:
                self.rises(bench, fact, seen, whole)

    def rises(self, bench: Bench, fact: Fact, seen: list[Reading], whole: float) -> None:
        """Fail when a counter ever fell, or did not rise by ``whole`` since the first reading."""
        first = getattr(seen[0], fact)
        last = self.read_when(bench, lambda now: getattr(now, fact) == first + whole, f"{first} and {whole} {fact}")
        values = [getattr(each, fact) for each in [*seen, last]]
        assert values == sorted(values)

    def test_the_oldest_task_grows_older_until_it_is_taken(self, bench: Bench) -> None:
        self.needs(bench, Fact.OLDEST)
        self.read_when(bench, lambda seen: seen.oldest_s == 0, "none waits")
        began = time.monotonic()
        bench.put(1)
        time.sleep(0.6)
        bench.put(1)
        reading = self.read_when(bench, lambda seen: (seen.oldest_s or 0) >= 0.5, "one waits for 0.6 s")
        assert (reading.oldest_s or 0) <= time.monotonic() - began + 0.1 + self.settles_s
        bench.take(2)
        self.read_when(bench, lambda seen: seen.oldest_s == 0, "all were taken")

    def test_reading_changes_nothing(self, bench: Bench) -> None:
        bench.put(5)
        bench.take(2)
        before = bench.contents()
        for _ in range(20):
            bench.source.read()
        assert bench.contents() == before

    @pytest.mark.parametrize("how", ["cut", "stall"])
    def test_an_outage_is_one_line_within_seconds_and_heals_by_itself(self, bench: Bench, how: str) -> None:
        bench.put(3)
        self.read_again(bench)
        (bench.cut if how == "cut" else bench.stall)()
        try:
            for _ in range(2):
                began = time.monotonic()
                with pytest.raises(BackendError) as caught:
                    bench.source.read()
                assert time.monotonic() - began < ANSWERS_WITHIN_S
                assert len(str(caught.value).splitlines()) == 1
                assert not [each for each in bench.secrets if each in str(caught.value)]
        finally:
            (bench.mend if how == "cut" else bench.resume)()
        self.read_again(bench)

    def test_what_it_is_called_holds_no_password(self, bench: Bench) -> None:
        assert bench.source.described
        assert bench.secrets
        assert not [each for each in bench.secrets if each in bench.source.described]

    def test_close_twice(self, bench: Bench) -> None:
        bench.source.read()
        bench.source.close()
        bench.source.close()


class RecallsContract(SourceContract):
    """Further laws of a source that knows what came before."""

    def test_the_past_sums_to_what_came(self, bench: Bench) -> None:
        source = bench.source
        assert isinstance(source, Recalls)
        self.needs(bench, Fact.ARRIVED)
        first = self.read_again(bench).arrived_total or 0.0
        time.sleep(1.0 + self.settles_s)  # the past begins with the first whole second that is known
        for tasks in (3, 0, 8, 1):
            bench.put(tasks)
            time.sleep(1.0)
        self.read_when(bench, lambda seen: seen.arrived_total == first + 12, "12 came")
        time.sleep(1.0 + self.settles_s)
        past = source.past(1.0, 60.0)
        assert past.dtype.kind == "i"
        assert len(past) <= 60
        assert past.sum() == 12
        assert past.min() >= 0
        assert past[-1] == 0
        assert max(past) <= 9


def _given(reading: Reading) -> set[Fact]:
    return {fact for fact in Fact if getattr(reading, fact) is not None}
