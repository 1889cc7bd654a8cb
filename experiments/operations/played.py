"""What a journal holds that can be played: its stretches, and what was promised."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from autoscaling_env.errors import InputError
from experiments.operations.stretches import Stretch, stretches_of, ticks_of
from operate.journal.reader import JournalReader
from operate.journal.settings import JournalSettings
from operate.record import Record

#: A stretch of fewer steps says nothing.
FEWEST_STEPS = 10


@dataclass(frozen=True, slots=True)
class Played:
    """What of a journal can be played.

    Attributes:
        settings: what the controller was told, as of its last start.
        stretches: in order of time; none of them overlaps another.
        notes: what was left out and why, a sentence each.
    """

    settings: JournalSettings
    stretches: tuple[Stretch, ...]
    notes: tuple[str, ...]

    @property
    def longest(self) -> Stretch:
        """The stretch with the most steps."""
        return max(self.stretches, key=len)


def read_stretches(place: Path, *, since: datetime | None = None, until: datetime | None = None) -> Played:
    """Read what can be played of a journal.

    A stretch ends where a controller was started anew, where more than three ticks are missing, and where the step
    changed. A tick whose readings were stale, or whose backlog nobody knew, is as good as missing: the next one's
    counts are taken to be those since the last good one.

    Raises:
        InputError: there is no journal, no record of a start in or before the time, or no stretch of ten steps.
    """
    reader = JournalReader(place, since=since, until=until)
    starts: list[Record] = []
    found = list(stretches_of(ticks_of(reader, starts)))
    settings, notes = _settings(reader, starts, since)
    stretches, left_out = _without_overlap(found)
    notes += left_out
    if reader.damage:
        notes.append(f"{len(reader.damage)} lines of the journal could not be read: {reader.damage[0]}")
    if not stretches:
        longest = max(map(len, found), default=0)
        raise InputError(
            f"{place}: no {FEWEST_STEPS} ticks in a row in that time with backlog and arrivals known (at most "
            f"{longest}); let the controller watch longer, or say another --since"
        )
    return Played(settings, stretches, tuple(notes))


def _settings(reader: JournalReader, starts: list[Record], since: datetime | None) -> tuple[JournalSettings, list[str]]:
    earlier = None if starts or since is None else reader.last_start(since)
    records = starts or ([] if earlier is None else [earlier])
    if not records:
        raise InputError("the journal has no record of a controller's start, which says what was promised")
    told = [JournalSettings.of(record) for record in records]
    last = told[-1]
    others = sum((each.objective, each.bounds) != (last.objective, last.bounds) for each in told)
    if not others:
        return last, []
    return last, [f"{others} earlier starts of the controller had another objective or bounds; the last one's hold"]


def _without_overlap(found: list[Stretch]) -> tuple[tuple[Stretch, ...], list[str]]:
    """Keep the longest of what several controllers saw at once, and nothing that is too short."""
    kept: list[Stretch] = []
    short = 0
    seen_twice = 0
    for stretch in sorted(found, key=len, reverse=True):
        if len(stretch) < FEWEST_STEPS:
            short += 1
        elif any(stretch.first.at < other.ends and other.first.at < stretch.ends for other in kept):
            seen_twice += 1
        else:
            kept.append(stretch)
    kept.sort(key=lambda stretch: stretch.first.at)
    notes = [
        f"nobody saw the queue for {(following.first.at - last.ends).total_seconds():,.0f} s from "
        f"{last.ends:%Y-%m-%d %H:%M:%S} on; it is not played"
        for last, following in pairwise(kept)
        if (following.first.at - last.ends).total_seconds() >= last.step_s
    ]
    if short:
        notes.append(f"{short} stretches of fewer than {FEWEST_STEPS} steps were left out")
    if seen_twice:
        notes.append(f"{seen_twice} stretches that another controller saw, too, were left out")
    return tuple(kept), notes
