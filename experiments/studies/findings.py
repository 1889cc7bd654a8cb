"""What a study found: tables with intervals and the number of seeds, from whatever is finished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.metrics import METRICS
from analysis.scores import scores
from analysis.statistics import Interval, interval
from analysis.stratified import mean_improvement, pooled_iqm
from analysis.tables import Row
from autoscaling_env.schema import NO_UNIT
from autoscaling_env.types import FloatArray

#: Figures that stand beside the one that is compared.
BESIDE = ("qos_of_all_tasks", "worker_seconds")
#: Runs from which on an interval is over runs; with fewer it is over episodes.
FEW = 2


@dataclass(frozen=True, slots=True)
class StudyFindings:
    """The finished part of a study.

    Attributes:
        name: of the study.
        metric: the figure that is compared.
        against: label of whom the others are set against.
        best: label of what is 1 of a score; "": scores are differences.
        shared: all runs met the same test episodes, so one run of a rule stands beside all runs of the others.
        episodes: a row for each test episode: ``place``, ``label``, ``run``, ``episode_seed`` and figures.
        runs: a row for each run: ``place``, ``label``, ``run`` -> means over its episodes; see ``runs_of``.
        checkpoints: a row for each evaluated checkpoint of a training (``records.checkpoints_of``).
        done, total: cells.
        files: what was written, by what it is called.
    """

    name: str
    metric: str
    against: str
    best: str
    shared: bool
    episodes: pd.DataFrame
    runs: pd.DataFrame
    checkpoints: pd.DataFrame
    done: int
    total: int
    files: Mapping[str, Path] = field(default_factory=dict)

    @property
    def places(self) -> list[str]:
        """Where was played, in the order of the study."""
        return list(dict.fromkeys(self.episodes["place"]))

    @property
    def labels(self) -> list[str]:
        """Who played, in the order of the study."""
        return list(dict.fromkeys(self.episodes["label"]))

    def values(self, place: str, label: str, figure: str | None = None) -> pd.Series[float]:
        """Return a figure of each finished run by the run's number; of nobody who played there none."""
        runs = self.runs
        played = runs[(runs.index.get_level_values("place") == place) & (runs.index.get_level_values("label") == label)]
        return played[figure or self.metric].droplevel(["place", "label"])

    def aligned(self, place: str, *labels: str) -> list[FloatArray]:
        """Return float64[runs] of each label: of the runs that all of them have finished, on the same episodes."""
        values = [self.values(place, label) for label in labels]
        longest = max(values, key=len)
        if self.shared:
            values = [pd.Series(each.iloc[0], longest.index) if len(each) == 1 else each for each in values]
        common = longest.index
        for each in values:
            common = common.intersection(each.index)
        return [np.asarray(each[common], dtype=np.float64) for each in values]

    def scored(self) -> dict[str, list[FloatArray]]:
        """Return the scores of every label that played everywhere, float64[runs] of each place.

        0 is what ``against`` comes to on the same episodes and 1 what ``best`` does; without ``best`` a score is the
        difference to ``against``, higher being better.
        """
        found = {}
        for label in self.labels:
            values = [self._scored(place, label) for place in self.places]
            if all(len(each) for each in values):
                found[label] = values
        return found

    def place_rows(self, place: str) -> list[Row]:
        """Return one printable row for each label in a place."""
        shown = METRICS[self.metric].title
        rows = []
        for label in self.labels:
            values = self.values(place, label)
            if not len(values):
                continue
            row = {"Policy": label, f"{shown} [95 % interval]": self._shown(self._interval(place, label))}
            row[f"Less {self.against}"] = self._against(place, label)
            for figure in BESIDE:
                row[METRICS[figure].title] = METRICS[figure].shown(float(self.values(place, label, figure).mean()))
            row["Seeds"] = str(len(values))
            row["Episodes"] = str(int(self._of(place, label)["episode_seed"].size))
            rows.append(row)
        return rows

    def overall_rows(self) -> list[Row]:
        """Return one printable row for each label over all places: interquartile mean, probability of improvement."""
        scored = self.scored()
        if self.against not in scored:
            return []
        rows = []
        aggregated = {label: _iqm(values) for label, values in scored.items()}
        for label in sorted(aggregated, key=lambda name: -aggregated[name].estimate):
            improved = _improvement(scored[label], scored[self.against])
            rows.append(
                {
                    "Policy": label,
                    f"IQM of {'scores' if self.best else 'differences'} [95 % interval]": _plain(aggregated[label]),
                    f"P(better than {self.against})": NO_UNIT if label == self.against else _plain(improved),
                    "Places": str(len(scored[label])),
                    "Seeds": _counts([len(each) for each in scored[label]]),
                }
            )
        return rows

    def tables(self) -> dict[str, list[Row]]:
        """Return printable rows by title."""
        overall = {"over all scenarios": self.overall_rows()}
        found = {**overall, **{place: self.place_rows(place) for place in self.places}}
        return {title: rows for title, rows in found.items() if rows}

    def caption(self) -> str:
        """Return what there is to know of the tables' figures."""
        part = "" if self.done == self.total else f"{self.done} of {self.total} cells are finished; "
        return (
            f"{part}intervals over training seeds by the bootstrap within scenarios, over episodes where there is one "
            "seed; differences are of runs on the same episodes"
        )

    def to_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        runs = self.runs.reset_index()
        means = [{str(key): _number(value) for key, value in row.items()} for row in runs.to_dict("records")]
        files = {name: str(path) for name, path in self.files.items()}
        return {"cells": self.total, "done": self.done, "tables": self.tables(), "runs": means, "files": files}

    def _of(self, place: str, label: str) -> pd.DataFrame:
        episodes = self.episodes
        return episodes[(episodes["place"] == place) & (episodes["label"] == label)]

    def _interval(self, place: str, label: str) -> Interval:
        values: FloatArray = np.asarray(self.values(place, label), dtype=np.float64)
        if len(values) < FEW:
            values = np.asarray(self._of(place, label)[self.metric], dtype=np.float64)
        return interval(values, _rng())

    def _against(self, place: str, label: str) -> str:
        one, two = self.aligned(place, label, self.against)
        if label == self.against or not len(one):
            return NO_UNIT
        return self._shown(interval(one - two, _rng()), sign="+")

    def _scored(self, place: str, label: str) -> FloatArray:
        if not self.best:
            one, two = self.aligned(place, label, self.against)
            return (one - two) * (-1.0 if METRICS[self.metric].better == "lower" else 1.0)
        return scores(*self.aligned(place, label, self.against, self.best))

    def _shown(self, found: Interval, sign: str = "") -> str:
        metric = METRICS[self.metric]
        numbers = [number * metric.factor for number in (found.estimate, found.low, found.high)]
        estimate, low, high = (f"{number:{sign},.{metric.decimals}f}" for number in numbers)
        return estimate if np.isnan(found.low) else f"{estimate} [{low}, {high}]"


def runs_of(episodes: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each run: ``place``, ``label``, ``run`` -> means of the figures over its episodes."""
    figures = [name for name in METRICS if name in episodes]
    return episodes.groupby(["place", "label", "run"])[figures].mean()


def interim_rows(figures: Mapping[tuple[str, str], Sequence[float]], metric: str) -> list[Row]:
    """Return one printable row for each label: the mean of the runs that are finished in each place, with its interval.

    Args:
        figures: (place, label) -> the compared figure of every finished run.
        metric: its name.
    """
    places = list(dict.fromkeys(place for place, _ in figures))
    rows = []
    for label in dict.fromkeys(label for _, label in figures):
        row = {"Policy": label}
        for place in places:
            row[place] = _interim(np.array(figures.get((place, label), ())), metric)
        rows.append(row)
    return rows


def _interim(values: FloatArray, metric: str) -> str:
    if not len(values):
        return NO_UNIT
    found, shown = interval(values, _rng(), resamples=999), METRICS[metric].shown
    spread = "" if np.isnan(found.low) else f" [{shown(found.low)}, {shown(found.high)}]"
    return f"{shown(found.estimate)}{spread}, n={len(values)}"


def _iqm(strata: Sequence[FloatArray]) -> Interval:
    found = pooled_iqm(_enough(strata), _rng())
    return found if max(map(len, strata)) >= FEW else Interval(found.estimate, np.nan, np.nan)


def _improvement(one: Sequence[FloatArray], two: Sequence[FloatArray]) -> Interval:
    return mean_improvement(_enough(one), _enough(two), _rng())


def _enough(strata: Sequence[FloatArray]) -> list[FloatArray]:
    """Return samples that can be drawn from: a single run stands for as many as there must be, and adds no spread."""
    return [np.repeat(each, FEW) if len(each) < FEW else each for each in strata]


def _plain(found: Interval) -> str:
    return (
        f"{found.estimate:.2f}" if np.isnan(found.low) else f"{found.estimate:.2f} [{found.low:.2f}, {found.high:.2f}]"
    )


def _counts(counts: Sequence[int]) -> str:
    return str(counts[0]) if len(set(counts)) == 1 else f"{min(counts)}-{max(counts)}"


def _number(value: Any) -> Any:
    return None if isinstance(value, float) and np.isnan(value) else value


def _rng() -> np.random.Generator:
    """Return the generator of intervals, the same for every table."""
    return np.random.default_rng(0)
