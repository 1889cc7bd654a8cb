"""The campaign of broken brokers: its books, laws, network and disk; and a short one of RQ on a real Redis."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.operate_broker_faults.cable import Cable
from benchmarks.operate_broker_faults.campaign import Campaign, Outcome, run
from benchmarks.operate_broker_faults.disk import Disk, can_mount
from benchmarks.operate_broker_faults.faults import HOLD_S, Fault, Kind, schedule
from benchmarks.operate_broker_faults.laws import laws
from benchmarks.operate_broker_faults.ledger import Ledger, Window
from benchmarks.operate_broker_faults.report import markdown
from benchmarks.operate_broker_faults.signs import seen
from benchmarks.operate_faults.operators import Told
from tests.live.servers import require_server
from tests.waiting import PATIENCE_S

# 0 is done, 1 is lost, 2 was in hands while something was broken, 3 was begun again for no reason.
LOG = """began 0 a 1.0
done 0 a 2.0
began 1 a 3.0
began 2 a 9.0
began 2 b 20.0
done 2 b 21.0
began 3 a 30.0
done 3 a 31.0
began 3 b 40.0
done 3 b 41.0
beg"""


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    log = tmp_path / "log.txt"
    log.write_text(LOG)
    return Ledger.of(log)


def test_every_task_that_was_put_is_looked_for_and_every_repeat_needs_a_reason(ledger: Ledger) -> None:
    windows = [Window(10.0, 15.0)]
    assert ledger.lost(4) == [1]
    assert ledger.lost(6) == [1, 4, 5]
    assert ledger.repeated() == [2, 3]
    assert ledger.unexplained((), windows) == [3]
    assert ledger.unexplained({3}, windows) == []
    assert ledger.unexplained((), [Window(50.0, 60.0)]) == [2, 3]
    assert ledger.first_done_after(5.0) == 21.0
    assert ledger.first_done_after(30.5) == 41.0
    assert ledger.first_done_after(50.0) is None
    assert Ledger.of(Path("nowhere")).lost(1) == [0]


def told(at_s: float, **changes: Any) -> Told:
    record = {
        "kind": "tick", "tick": 1, "stale": "", "failed": [], "remarks": [], "because": "", "changed_by": "",
        "requested": 2, "wanted": 2, "applied": 2, "tick_ms": 5.0, "policy_ms": 1.0,
    }  # fmt: skip
    return Told(at_s, record | changes)


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    """All is well: a task was in hands when the broker was killed, and was done again."""
    log = tmp_path / "log.txt"
    log.write_text("began 0 a 9.0\nbegan 0 b 20.0\ndone 0 b 21.0\n")
    outcome = Outcome(Fault(Kind.KILLED, 6.0), 10.0, 16.0, 1.0, 5.0, "the source cannot be read: Redis")
    return Campaign("rq", [outcome], [told(1.0), told(17.0)], Ledger.of(log), 1, frozenset(), 30.0)


def broken(made: Campaign) -> list[str]:
    return [law.text for law in laws(made) if law.breaches]


def test_no_law_is_broken_where_all_is_well(campaign: Campaign) -> None:
    assert broken(campaign) == []
    table = markdown([campaign])
    assert "| broker killed (SIGKILL), later started | 1 of 1: 1.0 / 5.0 |" in table
    assert "| no task is lost | 1 of 1 done |" in table


def test_whatever_is_wrong_breaks_its_law(campaign: Campaign) -> None:
    outcome = campaign.outcomes[0]
    assert broken(replace(campaign, sent=2)) == ["no task is lost"]
    assert broken(replace(campaign, told=[told(1.0, wanted=5)])) == ["from 1 to 4 workers"]
    assert broken(replace(campaign, told=[told(1.0, requested=0)])) == ["from 1 to 4 workers"]
    assert broken(replace(campaign, outcomes=[replace(outcome, words="")])) == ["every fault is in the journal"]
    (text,) = broken(replace(campaign, outcomes=[replace(outcome, working_s=None)]))
    assert text.startswith("fresh readings and work again")
    (text,) = broken(replace(campaign, outcomes=[replace(outcome, began_s=40.0, mended_s=50.0)]))
    assert text.startswith("a task is begun again only if")
    assert broken(replace(campaign, outcomes=[replace(outcome, began_s=40.0)], again=frozenset({0}))) == []


def test_a_fault_is_seen_by_its_own_words() -> None:
    unread = told(1.0, because="the source cannot be read: Redis at h: refused: the count is held")
    assert seen(Kind.STOPPED, [told(0.5), unread]).startswith("the source cannot be read: Redis at h")
    assert seen(Kind.BROKER_FULL, [unread]) == ""
    full = "the journal could not be written (No space left on device): records are missing in it"
    assert seen(Kind.STATE_FULL, [told(1.0, remarks=[full])]) == full.partition(":")[0]
    assert seen(Kind.WORKERS_CUT, [told(1.0, remarks=["nothing was finished for 6 s, though 9 tasks wait"])])


def test_a_schedule_is_drawn_from_its_seed() -> None:
    faults = schedule(3, 2)
    assert faults == schedule(3, 2) != schedule(4, 2)
    assert sorted(fault.kind for fault in faults) == sorted([*Kind, *Kind])
    assert all(HOLD_S[0] <= fault.hold_s <= HOLD_S[1] for fault in faults)


def test_a_cable_carries_is_cut_swallows_and_is_mended() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, closing(Cable(server.getsockname()[1])) as cable:
        threading.Thread(target=_echo, args=(server,), daemon=True).start()
        with _client(cable) as client:
            client.sendall(b"one")
            assert client.recv(16) == b"one"
            cable.swallow()
            client.sendall(b"two")
            client.settimeout(0.3)
            with pytest.raises(TimeoutError):
                client.recv(16)
            client.settimeout(PATIENCE_S)
            cable.mend()
            assert client.recv(16) == b"two"
            cable.cut()
            with suppress(ConnectionError):
                assert client.recv(16) == b""
        with suppress(ConnectionError), _client(cable) as refused:  # reset while it connects, or after
            assert refused.recv(16) == b""
        cable.mend()
        with _client(cable) as client:
            client.sendall(b"three")
            assert client.recv(16) == b"three"


def _client(cable: Cable) -> socket.socket:
    return socket.create_connection(("127.0.0.1", cable.port), timeout=PATIENCE_S)


def _echo(server: socket.socket) -> None:
    with suppress(OSError):
        while True:
            client, _ = server.accept()
            threading.Thread(target=_answer, args=(client,), daemon=True).start()


def _answer(client: socket.socket) -> None:
    with client, suppress(OSError):
        while data := client.recv(16):
            client.sendall(data)


needs_root = pytest.mark.skipif(not can_mount(), reason="a disk of its own takes root")


@needs_root
def test_a_disk_that_is_full_takes_nothing_until_it_has_room(tmp_path: Path) -> None:
    with closing(Disk(tmp_path / "disk", megabytes=1)) as disk:
        disk.fill()
        with pytest.raises(OSError, match="No space left"):
            (tmp_path / "disk" / "mine").write_bytes(b"1" * 8192)
        disk.clear()
        (tmp_path / "disk" / "mine").write_bytes(b"1" * 8192)
    assert not (tmp_path / "disk" / "mine").exists()


@pytest.mark.live
@pytest.mark.slow
@needs_root
def test_no_law_is_broken_while_a_redis_is_killed_and_disks_run_full(tmp_path: Path) -> None:
    require_server()
    faults = [Fault(kind, 4.0) for kind in (Kind.STATE_FULL, Kind.KILLED, Kind.BROKER_FULL)]
    begin_s = time.monotonic()
    made = run("rq", faults, tmp_path, seed=1)
    assert {law.text: law.breaches for law in laws(made) if law.breaches} == {}
    assert made.sent > 0
    assert made.seconds <= time.monotonic() - begin_s
