"""From a study's file to its cells: names looked up, grids multiplied, samples drawn; all problems at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from analysis.metrics import METRICS
from autoscaling_env.errors import AutoscalingError, InputError, unknown_name
from experiments.environments import SIMULATED, farm_name
from experiments.policies import check_policies, find_policy
from experiments.setup import ALL, scenario_list
from experiments.studies.cells import Cell, place_of_cell
from experiments.studies.file import Drawn, Samples, Study, Training
from experiments.training import list_learners
from workloads.scenarios import SUFFIXES, scenario_names, scenario_seeds

#: More is a typing error in a grid.
MOST_CELLS = 1_000_000
#: Digits of a number that is drawn.
DRAWN_DIGITS = 4


def cells_of(study: Study) -> list[Cell]:
    """Return the cells of a study, trainings before the evaluations that need them, each once.

    Raises:
        InputError: every name and setting that cannot be used, one line each.
    """
    return _Expansion(study).cells()


@dataclass(slots=True)
class _Expansion:
    """A study being expanded.

    Attributes:
        problems: what was found wrong so far.
    """

    study: Study
    problems: list[str] = field(default_factory=list)

    def cells(self) -> list[Cell]:
        self._check_names()
        self._raise_found()
        trainings = self._addressed(self._trainings())
        self._raise_found()
        evaluations = self._addressed([*self._of_trained(trainings), *self._of_policies()])
        self._raise_found()
        return _each_once([*trainings, *evaluations])

    def _raise_found(self) -> None:
        if self.problems:
            raise InputError(*dict.fromkeys(self.problems))

    def _check_names(self) -> None:
        study, learners = self.study, list_learners()
        for index, section in enumerate(study.train):
            wrong = [unknown_name("agent to train", name, learners) for name in section.agents if name not in learners]
            self.problems += [f"train.{index}.agents: {line}" for line in wrong]
        for name in study.evaluate.policies:
            self._check_policy(name)
        named = [("scenarios", study.scenarios), ("evaluate.scenarios", study.evaluate.scenarios)]
        named += [(f"train.{index}.scenarios", section.scenarios) for index, section in enumerate(study.train)]
        for key, names in named:
            self.problems += _told(key, lambda names=names: _scenarios(names or ()))
        if study.report.metric not in METRICS:
            self.problems.append(f"report.metric: {unknown_name('figure', study.report.metric, METRICS)}")
        self.problems += _told("evaluate.engine", lambda: farm_name(SIMULATED, study.evaluate.engine))
        self._check_labels()

    def _check_policy(self, name: str) -> None:
        if name in list_learners():
            self.problems.append(f"evaluate.policies: {name} learns: name it under train")
        else:
            self.problems += _told("evaluate.policies", lambda: find_policy(name))

    def _check_labels(self) -> None:
        labels = [section.name or agent for section in self.study.train for agent in section.agents]
        labels += self.study.evaluate.policies
        twice = sorted({label for label in labels if labels.count(label) > 1})
        self.problems += [f"{label}: two would be called so in tables; give a training a name" for label in twice]

    def _addressed(self, cells: Sequence[Cell]) -> list[Cell]:
        """Return the cells with their addresses; what is wrong with a place is told once."""
        found: list[Cell] = []
        for cell in cells:
            try:
                found.append(cell.addressed())
            except AutoscalingError as error:
                self.problems += [f"{cell.place}: {line}" for line in str(error).splitlines()]
        if len(found) > MOST_CELLS:
            self.problems.append(f"{len(found)} cells; a study has at most {MOST_CELLS}")
        return found

    def _trainings(self) -> list[Cell]:
        return [cell for section in self.study.train for cell in self._of_section(section)]

    def _of_section(self, section: Training) -> Iterator[Cell]:
        for agent, scenario in product(section.agents, _scenarios(section.scenarios or self.study.scenarios)):
            budget = section.episodes.get(agent) if isinstance(section.episodes, Mapping) else section.episodes
            fixed = {} if budget is None else {f"agents.{agent}.episodes": budget}
            for variant in _variants(section.grid, section.samples):
                settings = _layered(self.study.settings, section.settings, fixed, variant)
                for run, seed in enumerate(_seeds(section, scenario)):
                    yield Cell(
                        kind="train",
                        scenario=scenario,
                        settings=settings,
                        policy=agent,
                        seed=seed,
                        episodes=budget or 0,
                        label=(section.name or agent) + _named(variant),
                        place=Path(scenario).stem,
                        run=run,
                    )

    def _of_trained(self, trainings: Sequence[Cell]) -> Iterator[Cell]:
        for training in trainings:
            for variant in _variants(self.study.evaluate.grid):
                yield self._evaluation(
                    training.scenario, variant, training.policy, training.label, training.run, needs=training.address
                )

    def _of_policies(self) -> Iterator[Cell]:
        evaluate = self.study.evaluate
        trained = max((_count(section) for section in self.study.train), default=1)
        runs = (evaluate.runs or trained) if evaluate.tests == "own" else 1
        places = product(_scenarios(evaluate.scenarios or self.study.scenarios), _variants(evaluate.grid))
        for (scenario, variant), name, run in product(places, evaluate.policies, range(runs)):
            cell = self._evaluation(scenario, variant, name, name, run)
            self.problems += _told(cell.place, lambda: self._check_constant(cell))  # noqa: B023 - called at once
            yield cell

    def _check_constant(self, cell: Cell) -> None:
        check_policies([find_policy(cell.policy)], place_of_cell(cell).config)

    def _evaluation(
        self, scenario: str, variant: Mapping[str, Any], policy: str, label: str, run: int, needs: str = ""
    ) -> Cell:
        evaluate = self.study.evaluate
        return Cell(
            kind="evaluate",
            scenario=scenario,
            settings=_layered(self.study.settings, evaluate.settings, variant),
            policy=policy,
            seed=scenario_seeds(scenario)[1] + (run if evaluate.tests == "own" else 0),
            episodes=evaluate.episodes,
            record=evaluate.record,
            engine=evaluate.engine,
            needs=needs,
            label=label,
            place=Path(scenario).stem + _named(variant),
            run=run,
        )


def _told(key: str, look: Any) -> list[str]:
    """Return what looking raises, one line each, with the key it is about."""
    try:
        look()
    except InputError as error:
        return [f"{key}: {line}" for line in error.problems]
    return []


def _scenarios(names: Sequence[str]) -> tuple[str, ...]:
    """Return the scenarios that are meant; files by their whole path, for whoever runs cells elsewhere."""
    found = [each for name in names for each in (scenario_names() if name == ALL else scenario_list(name))]
    return tuple(dict.fromkeys(str(Path(each).absolute()) if each.endswith(SUFFIXES) else each for each in found))


def _seeds(section: Training, scenario: str) -> Sequence[int]:
    if isinstance(section.seeds, int):
        first = scenario_seeds(scenario)[0]
        return range(first, first + section.seeds)
    return section.seeds


def _count(section: Training) -> int:
    return section.seeds if isinstance(section.seeds, int) else len(section.seeds)


def _variants(grid: Mapping[str, Sequence[Any]], samples: Samples | None = None) -> list[dict[str, Any]]:
    """Return every combination of a grid with every sample; of neither the one that changes nothing."""
    combinations = [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
    drawn = [{}] if samples is None else _drawn(samples)
    return [{**combination, **sample} for combination, sample in product(combinations, drawn)]


def _drawn(samples: Samples) -> list[dict[str, Any]]:
    rng = np.random.default_rng(samples.seed)
    return [{key: _one(of, rng) for key, of in samples.settings.items()} for _ in range(samples.count)]


def _one(of: Drawn | Sequence[Any], rng: np.random.Generator) -> Any:
    if not isinstance(of, Drawn):
        return of[int(rng.integers(len(of)))]
    low, high = (np.log(of.low), np.log(of.high)) if of.log else (of.low, of.high)
    drawn = float(rng.uniform(low, high))
    value = float(np.exp(drawn)) if of.log else drawn
    return round(value) if of.whole else float(f"{value:.{DRAWN_DIGITS}g}")


def _layered(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings in the order in which they are laid over each other: later ones last."""
    found: dict[str, Any] = {}
    for key, value in (item for layer in layers for item in layer.items()):
        found.pop(key, None)
        found[key] = value
    return found


def _named(variant: Mapping[str, Any]) -> str:
    """Return how tables tell a variant from others: ``[alpha=0.1]``."""
    if not variant:
        return ""
    short = [key.rpartition(".")[2] for key in variant]
    keys = short if len(set(short)) == len(short) else list(variant)
    return f"[{','.join(f'{key}={value}' for key, value in zip(keys, variant.values(), strict=True))}]"


def _each_once(cells: Sequence[Cell]) -> list[Cell]:
    return list({(cell.address, cell.label, cell.place, cell.run): cell for cell in cells}.values())
