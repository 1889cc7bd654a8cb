"""The contract of elections as tests, with candidates in processes of their own that are stopped and killed."""

from __future__ import annotations

import itertools
import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from operate.leader import Election

#: Between two questions of a candidate to its election, in seconds: so few that one is asked before the election's own
#: thread finds out that the process was stopped.
ASK_S = 0.001
#: Between two looks at what candidates said.
LOOK_S = 0.02


@dataclass(frozen=True, slots=True)
class Claim:
    """A candidate said that it leads in a term, at some instant between two of the machine's monotonic clock."""

    term: int
    began_s: float
    ended_s: float


def stand(election: Election) -> None:
    """Be a candidate, and write a line for each answer of ``term()``; ends, stepping down, with standard input."""
    election.start()
    while not select.select([0], [], [], ASK_S)[0]:
        began_s = time.monotonic()
        term = election.term()
        if term is not None:
            print(json.dumps([term, began_s, time.monotonic()]), flush=True)
    election.close()


class Candidate:
    """A candidate in a process of its own.

    Args:
        command: its program, which calls ``stand``.
        file: takes what it says.
    """

    def __init__(self, command: list[str], file: Path) -> None:
        self._file = file
        with file.open("w") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out)  # noqa: S603

    def claims(self) -> list[Claim]:
        """Return all that it said so far."""
        return _claims(self._file.read_bytes())

    def leads(self) -> bool:
        """Return whether it said lately that it leads."""
        with self._file.open("rb") as file:
            file.seek(max(0, self._file.stat().st_size - 1000))
            claims = _claims(file.read().partition(b"\n")[2])
        return bool(claims) and time.monotonic() - claims[-1].ended_s < 20 * LOOK_S

    def signal(self, number: signal.Signals) -> None:
        """Stop it, have it go on, or kill it."""
        self.process.send_signal(number)

    def leave(self) -> None:
        """Have it step down and end."""
        if self.process.stdin is not None and not self.process.stdin.closed:
            self.process.stdin.close()
        self.process.wait(timeout=20)

    def close(self) -> None:
        """End it, in whatever state it is."""
        self.process.kill()
        self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()


def _claims(lines: bytes) -> list[Claim]:
    """Read what a candidate wrote; it may be about to write the last line."""
    return [Claim(*json.loads(line)) for line in lines.splitlines(keepends=True) if line.endswith(b"\n")]


class ElectionContract:
    """Laws of every election."""

    #: Real seconds within which another leads after the leader was killed or stopped.
    takeover_s = 20.0
    #: Likewise, after it stepped down.
    handover_s = 4.0
    #: Seconds for which candidates are stopped at random.
    trial_s = 10.0

    def command(self, election: str, *, hasty: bool) -> list[str]:
        """Return the program of a candidate for an election of this name.

        Args:
            hasty: with times so short that another leads 4 s after the leader was stopped, else as people get it.
        """
        raise NotImplementedError

    @pytest.fixture
    def candidate(self, tmp_path: Path) -> Iterator[Callable[..., Candidate]]:
        """Make candidates; all are ended after the test."""
        made: list[Candidate] = []

        def make(election: str, *, hasty: bool = False) -> Candidate:
            made.append(Candidate(self.command(election, hasty=hasty), tmp_path / f"claims-{len(made)}"))
            return made[-1]

        yield make
        for each in made:
            each.close()

    # -- the laws

    def test_one_leads_and_hands_over_at_once(self, candidate: Callable[..., Candidate]) -> None:
        first = candidate("handover")
        wait_until(first.leads, self.takeover_s)
        second = candidate("handover")
        time.sleep(2.5)
        assert second.claims() == []
        first.leave()
        left_s = time.monotonic()
        wait_until(second.leads, self.handover_s)
        assert second.claims()[0].began_s - left_s < self.handover_s
        hold([first, second])
        assert first.claims()[0].term == 1
        assert second.claims()[0].term == 2

    def test_another_takes_over_from_one_that_is_killed_or_stopped(self, candidate: Callable[..., Candidate]) -> None:
        names = {"killed": signal.SIGKILL, "stopped": signal.SIGSTOP}
        firsts = {name: candidate(name) for name in names}
        for first in firsts.values():
            wait_until(first.leads, self.takeover_s)
        seconds = {name: candidate(name) for name in names}
        time.sleep(2.5)
        hit_s = time.monotonic()
        for name, number in names.items():
            firsts[name].signal(number)
        for name in names:
            wait_until(seconds[name].leads, self.takeover_s)
            assert seconds[name].claims()[0].began_s - hit_s < self.takeover_s
        firsts["stopped"].signal(signal.SIGCONT)
        time.sleep(1.0)
        for name in names:
            hold([firsts[name], seconds[name]])

    def test_never_two_terms_at_once_while_candidates_are_stopped(self, candidate: Callable[..., Candidate]) -> None:
        rng = random.Random(os.environ.get("CI", time.monotonic()))  # noqa: S311 - a trial
        all_of_them = [candidate("trial", hasty=True) for _ in range(3)]
        wait_until(lambda: any(each.leads() for each in all_of_them), self.takeover_s)
        give_up = time.monotonic() + self.trial_s
        for least_s, most_s in itertools.cycle([(4.0, 5.0), (0.2, 2.0)]):  # so long that another takes over, or not
            if time.monotonic() > give_up:
                break
            victim = next((each for each in all_of_them if each.leads()), rng.choice(all_of_them))
            victim.signal(signal.SIGSTOP)
            time.sleep(rng.uniform(least_s, most_s))
            victim.signal(signal.SIGCONT)
            time.sleep(rng.uniform(0.0, 1.0))
        hold(all_of_them)
        assert len({claim.term for each in all_of_them for claim in each.claims()}) >= 2, "nothing was tried"


def hold(candidates: list[Candidate]) -> None:
    """Hold all claims against the law: once somebody led in a term nobody leads in an earlier one, or in the same."""
    claims = sorted(((each, claim) for each in candidates for claim in each.claims()), key=lambda pair: pair[1].ended_s)
    holder: dict[int, Candidate] = {}
    first: dict[int, Claim] = {}
    for each, claim in claims:
        assert holder.setdefault(claim.term, each) is each, f"two candidates led in term {claim.term}"
        first.setdefault(claim.term, claim)
        for term in [term for term in first if term > claim.term]:
            assert claim.began_s < first[term].ended_s, f"term {claim.term} was led in after term {term} had begun"


def wait_until(true: Callable[[], bool], seconds: float) -> None:
    """Wait until it is true."""
    give_up = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < give_up, f"not within {seconds} s"
        time.sleep(LOOK_S)


def python(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module."""
    return [sys.executable, "-m", module, *arguments]
