"""A cell is one training, or one policy on the test episodes of one place; its address says what it comes to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from agents.checkpoint import SUFFIX
from autoscaling_env.config.digest import config_digest
from autoscaling_env.plugins import POLICIES, policy_plugins
from experiments.baseline_cache import source_digest
from experiments.models import is_factory, is_path, this_folder_first
from experiments.setup import Place, Setup, place_of
from experiments.studies.versions import code_version

#: Places that are kept made out: cells of one follow each other.
KEPT = 512
#: Hexadecimal digits of an address.
DIGITS = 32

Kind = Literal["train", "evaluate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What is run at once.

    Attributes:
        kind: a training, or an evaluation.
        scenario: name or file of the scenario.
        settings: dotted key -> value, over the scenario's.
        policy: the agent that learns, or the policy that is played.
        seed: of the training episodes, or of the test episodes.
        episodes: to play; of a training those it is planned for, which its settings say.
        record: how much of an evaluation is kept: ``episodes``, ``steps`` or ``tasks``.
        engine: simulation engine; None: the usual one.
        needs: address of the training whose model is played; "": none.
        label: what tables call the policy. It does not change what the cell comes to, nor do ``place`` and ``run``.
        place: what tables call the scenario with its settings.
        run: which of the runs of ``label`` in ``place`` it is, from 0.
        address: names what the cell comes to; see ``address_of``.
    """

    kind: Kind
    scenario: str
    policy: str
    seed: int
    episodes: int
    label: str
    place: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    record: str = "steps"
    engine: str | None = None
    needs: str = ""
    run: int = 0
    address: str = ""

    def addressed(self) -> Cell:
        """Return the cell with its address."""
        return replace(self, address=address_of(self))

    def to_json(self) -> str:
        """Return the cell as JSON, as it is handed to whoever runs it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Cell:
        """Return the cell of such a text."""
        return cls(**json.loads(text))

    def title(self) -> str:
        """Return how a line calls it: ``train dqn in ramp, run 2``."""
        return f"{self.kind} {self.label} in {self.place}, run {self.run + 1}"


def place_of_cell(cell: Cell) -> Place:
    """Return where the cell happens, as ``experiments.setup.place_of`` and ``training_place`` make it out.

    Raises:
        InputError: every problem with scenario and settings, one line each.
    """
    place = _place(cell.scenario, _canonical(cell.settings))
    if cell.kind == "train":
        return replace(place, config=place.history or place.config, train_seed=cell.seed)
    return replace(place, test_seed=cell.seed)


def address_of(cell: Cell) -> str:
    """Return the address of what a cell comes to: a hash of configuration, tasks, seeds, policy and code.

    Cells with equal addresses have equal records, in whatever study and by whatever name they are run.

    Raises:
        InputError: as ``place_of_cell``.
    """
    said: dict[str, Any] = {
        "kind": cell.kind,
        "place": _place_digest(cell.scenario, _canonical(cell.settings)),
        "policy": cell.policy,
        "seed": cell.seed,
        "code": dict(code_version()),
    }
    if cell.kind == "evaluate":
        content = cell.needs or policy_content(cell.policy)
        searched_on = place_of_cell(cell).train_seed
        said |= {"episodes": cell.episodes, "record": cell.record, "content": content, "train_seed": searched_on}
        said |= {"engine": cell.engine}
    return hashlib.sha256(_canonical(said).encode()).hexdigest()[:DIGITS]


@lru_cache(KEPT)
def policy_content(text: str) -> str:
    """Return a hash of what a policy's name does not tell: its model file, or its module; "" for rules of ours."""
    if is_factory(text):
        return _module_content(text.partition(":")[0])
    if is_path(text):
        return _file_content(Path(text))
    if text not in policy_plugins():
        return ""
    (entry, *_) = entry_points(group=POLICIES, name=text)
    return _module_content(entry.module)


def _module_content(module: str) -> str:
    with this_folder_first():
        found = find_spec(module)
    return _file_content(Path(found.origin)) if found is not None and found.origin else ""


def _file_content(path: Path) -> str:
    files = sorted(path.rglob(f"*{SUFFIX}")) + sorted(path.glob("*_metrics.json")) if path.is_dir() else [path]
    found = hashlib.sha256()
    for file in files:
        found.update(hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()


def _canonical(data: Any) -> str:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), default=str)


@lru_cache(KEPT)
def _place(scenario: str, settings: str) -> Place:
    return place_of(Setup(scenario, settings=json.loads(settings)))


@lru_cache(KEPT)
def _place_digest(scenario: str, settings: str) -> tuple[str, ...]:
    place = _place(scenario, settings)
    configs = [place.config, *([] if place.history is None else [place.history])]
    return tuple(digest for config in configs for digest in (config_digest(config), source_digest(config)))
