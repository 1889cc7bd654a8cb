"""A history: what it holds, how well it is foreseen, a picture of that, and the file that the planner reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from agents.planning.forecast import ForecastScore
from agents.planning.past import Past
from analysis import plots
from autoscaling_env.errors import InputError
from autoscaling_env.files import check_place
from experiments.forecast_trial import Trial, split
from experiments.listening import Listener, Silent
from experiments.periodic_past import periodic_past
from experiments.planners import HISTORY
from experiments.recorded_past import past_of, recordings, training_past
from experiments.setup import DEFAULT, Setup, setups_of
from experiments.work_found import configured, work_json, work_tables
from workloads.work import NamedWork

#: Columns that are shares.
SHARES = ("below_5", "below_50", "below_95", "weight")


@dataclass(frozen=True, slots=True)
class HistoryFound:
    """What ``history`` found.

    Attributes:
        past: what is in the file.
        horizon: steps that were foreseen.
        held_back: steps of the history on which forecasters were scored; they were fitted to the others.
        scores: of each forecaster, by name.
        weights: what each member of the mixture weighed, on average.
        files: what was written.
        work: what the tasks of recordings are called, and their work; None: they have no names.
    """

    past: Past
    horizon: int
    held_back: int
    scores: Mapping[str, ForecastScore]
    weights: Mapping[str, float]
    files: Mapping[str, Path]
    work: NamedWork | None = None

    def table(self) -> pd.DataFrame:
        """Return one row per forecaster.

        Pinball loss in tasks a step and as a share of persistence's, the share of counts below the 5, 50 and 95 %
        quantiles, and the weight in the mixture (NaN: no member of it).
        """
        base = float(self.scores["persistence"].pinball.mean())
        rows = {}
        for name, found in self.scores.items():
            loss, covered = float(found.pinball.mean()), found.coverage[[0, 2, 4]].tolist()
            share = loss / base if base > 0 else np.nan
            rows[name] = [loss, share, *covered, self.weights.get(name, np.nan)]
        return pd.DataFrame.from_dict(rows, orient="index", columns=["loss", "of_persistence", *SHARES])

    def describe(self) -> dict[str, Any]:
        """Return what the history holds: plain numbers."""
        history, tasks = self.past.history, self.past.tasks
        counts = np.concatenate(history.episodes)
        return {
            "episodes": len(history.episodes),
            "steps": len(counts),
            "step_s": history.step_s,
            "period_s": history.period * history.step_s or None,
            "tasks": int(counts.sum()),
            "tasks_per_step": history.mean,
            "most_in_a_step": int(counts.max()),
            "tasks_with_work": 0 if tasks is None else len(tasks.arrival_s),
            "mean_service_s": None if tasks is None else float(tasks.service_s.mean()),
            "held_back_steps": self.held_back,
            "horizon_s": self.horizon * history.step_s,
        }

    def tables(self) -> dict[str, list[dict[str, str]]]:
        """Return what is shown: title -> rows."""
        known = {key.replace("_", " "): value for key, value in self.describe().items() if value is not None}
        forms = {"loss": ".3g", "of_persistence": ".2f"} | dict.fromkeys(SHARES, ".0%")
        rows = [
            {"Forecaster": str(name)} | {key.replace("_", " "): _shown(row[key], form) for key, form in forms.items()}
            for name, row in self.table().iterrows()
        ]
        return {
            "history": [{"What": key, "Value": f"{value:,.6g}"} for key, value in known.items()],
            **work_tables(self.work),
            "foreseen of what was held back": rows,
        }

    def settings(self) -> dict[str, str]:
        """Return the lines of YAML that tell of the work of named tasks; none where they have no names."""
        return {} if self.work is None else configured(self.work)

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON can hold it; None where there is no number."""
        rows = self.table().to_dict(orient="index")
        found = {
            name: {key: float(value) if np.isfinite(value) else None for key, value in row.items()}
            for name, row in rows.items()
        }
        files = {name: str(path) for name, path in self.files.items()}
        return {"history": self.describe(), "forecasters": found, "files": files, **work_json(self.work)}


def history(
    sources: Sequence[Path] = (),
    where: Setup | str = DEFAULT,
    *,
    episodes: int = HISTORY,
    episode_s: float | None = None,
    period_s: float | None = None,
    horizon_s: float = 60.0,
    held_back: float = 0.2,
    statistical: bool = False,
    output: Path = Path("history.npz"),
    picture: Path | None = None,
    listener: Listener | None = None,
) -> HistoryFound:
    """Read a history, score the forecasters on what is held back of it, draw the mixture, and write it whole.

    Args:
        sources: folders of runs, live or simulated, and files of traces; none: training episodes of the setup.
        where: a setup, or the name of a scenario.
        episodes: training episodes that are drawn where there are no sources.
        episode_s: what recordings are cut into; see ``experiments.recorded_past``.
        period_s: the recordings' time is that of a period of so many seconds since 1970 (UTC), as a controller counts
            it; see ``experiments.recorded_past``.
        horizon_s: seconds that are foreseen.
        held_back: the share of the last episodes, or of a single one, that is foreseen by what is known of the rest.
        statistical: score statsforecast, too, which is an optional extra.
        output: the file.
        picture: the fans; if left out, a PNG file beside the history.
        listener: is told of progress.

    Raises:
        InputError: something in the settings or sources is wrong, or they are too short.
        ModuleNotFoundError: statsforecast is wanted and not installed.
    """
    listener, (setup,) = listener or Silent(), setups_of(where)
    if output.suffix != ".npz":
        raise InputError(f"--output {output}: must end in .npz, by which planner:FILE knows it")
    picture = picture or output.with_suffix(".png")
    _check(held_back, horizon_s, episode_s, period_s, output, picture)
    if period_s is not None and not sources:
        raise InputError(f"--period {period_s:g}: belongs to recordings; name one as SOURCE")
    if sources:
        recorded, step_s = recordings(sources, setup, listener)
        work = NamedWork.together([each.work for each in recorded if each.work is not None])
        if period_s is not None:
            past = periodic_past(recorded, step_s, episode_s, period_s)
        else:
            past = past_of(recorded, step_s, episode_s, listener)
    else:
        past, work = training_past(setup, episodes, listener), None
    known, rest = split(past.history, held_back)
    trial = Trial(known, rest, max(1, round(horizon_s / known.step_s)), statistical=statistical)
    scores = trial.scores(listener)
    fans = trial.fans()
    files = {"history": output, "picture": picture}
    plots.fan_plot(fans, picture, step_s=known.step_s, title=f"What the mixture foresaw, {output.stem}")
    past.save(output)
    return HistoryFound(past, trial.horizon, sum(map(len, rest.episodes)), scores, trial.weights(), files, work)


def _shown(value: float, form: str) -> str:
    return f"{value:{form}}" if np.isfinite(value) else "-"


def _check(
    held_back: float,
    horizon_s: float,
    episode_s: float | None,
    period_s: float | None,
    output: Path,
    picture: Path,
) -> None:
    """Tell what is wrong before anything is computed."""
    if not 0 < held_back < 1:
        raise InputError(f"--held-back {held_back:g}: must be above 0 and below 1, such as 0.2")
    for option, value in {"--horizon": horizon_s, "--episode": episode_s, "--period": period_s}.items():
        if value is not None and not 0 < value < np.inf:
            raise InputError(f"{option} {value:g}: must be seconds above 0")
    check_place(output)
    check_place(picture)
