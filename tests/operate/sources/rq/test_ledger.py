"""Counting for ever what is kept for a while."""

from __future__ import annotations

from operate.sources.rq.ledger import AHEAD_S, Ledger, RegistryCount, Worker, WorkerCounts, worker_of


def worker(jobs: int, birth: str = "monday", queues: str = "jobs", work_s: float = 0.0) -> Worker:
    return Worker(birth, frozenset(queues.split(",")), jobs, work_s)


def test_a_hash_that_is_gone_is_no_worker() -> None:
    assert worker_of([None] * 5) is None
    assert worker_of([b"monday", b"high,low", b"3", b"1", b"2.5"]) == worker(4, queues="high,low", work_s=2.5)
    assert worker_of([b"monday", b"jobs", None, None, None]) == worker(0)


def test_another_worker_of_a_name_and_a_hash_made_anew_count_from_zero() -> None:
    counts = WorkerCounts()
    for now in (worker(5), worker(7), worker(2, birth="tuesday"), worker(1, birth="tuesday"), None, worker(4)):
        counts.update({b"w": now})
    assert counts.total == 7 + 2 + 1 + 4
    assert counts.known == [b"w"]


def test_entries_that_are_forgotten_take_nothing_away() -> None:
    registry, scores, now_s = RegistryCount(), [100.0 + AHEAD_S], 0.0
    for now_s, new in ((0.0, 0), (10.0, 3), (50.0, 2), (120.0, 0), (130.0, 4)):
        scores = [each for each in scores if each > now_s] + [now_s + 500.0] * new
        cuts = registry.cuts(now_s)
        late = now_s == 120.0
        counts = sum(each > cuts[0] for each in scores), sum(each > cuts[1] for each in scores)
        assert registry.update(now_s, cuts, counts) is not late, "more than a minute between two looks is said"
    assert registry.total == 3 + 2 + 4


def test_what_shared_workers_counted_is_no_completion_of_ours() -> None:
    ledger = Ledger(["jobs"], ["finished"])
    ledger.workers.update({b"w": worker(1000)})
    assert ledger.close_look(few=True) == (0, True)
    ledger.workers.update({b"w": worker(1003)})
    assert ledger.close_look(few=True) == (3, True)
    ledger.workers.update({b"w": worker(1050), b"x": worker(500, queues="jobs,mails")})
    ledger.registries["finished"].total = 2
    assert ledger.close_look(few=True) == (5, False)
    ledger.workers.update({b"w": worker(1060), b"x": None})
    assert ledger.close_look(few=True) == (5, True)
    ledger.workers.update({b"w": worker(1061)})
    assert ledger.close_look(few=True) == (6, True)
    assert ledger.close_look(few=False) == (6, False)
