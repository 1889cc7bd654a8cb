"""Training as a person watches it: a bar with the time to go, a line at each evaluated checkpoint."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from agents.training.types import EpisodeLine, Evaluation
from cli.console import err, note, progress

#: An episode line is printed so many times in a training, whatever its length.
LINES = 20


class TrainingProgress:
    """Implements ``agents.training.types.TrainingListener`` on the terminal."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._bar = progress(quiet=quiet)
        self._task = self._bar.add_task("training", total=None)
        self._planned = 1
        self._agent = ""

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def started(self, agent: str, done: int, planned: int) -> None:
        """Show how many episodes there are."""
        self._agent, self._planned = agent, planned
        self._bar.update(self._task, description=agent, completed=done, total=planned)

    def episode(self, line: EpisodeLine) -> None:
        """Move the bar; print some of the episodes."""
        self._bar.update(self._task, completed=line.episode, description=f"{self._agent} {line.total_reward:8.1f}")
        if not self._quiet and line.episode % max(1, self._planned // LINES) == 0:
            loss = "" if line.loss is None else f"  loss {line.loss:.4g}"
            err.print(
                f"episode {line.episode:>6}  reward {line.total_reward:9.1f}  QoS {100 * line.final_qos:6.2f} %  "
                f"workers {line.mean_workers:5.2f}  epsilon {line.epsilon:.3f}{loss}",
                highlight=False,
            )

    def evaluation_progress(self, done: int, planned: int) -> None:
        """Say that a checkpoint is being judged."""
        if done < planned:
            self._bar.update(self._task, description=f"{self._agent} judged {done}/{planned}")

    def evaluated(self, evaluation: Evaluation) -> None:
        """Print what a checkpoint is worth on unseen episodes."""
        if not self._quiet and evaluation.total_reward:
            rewards = np.array(evaluation.total_reward)
            err.print(
                f"[bold]{evaluation.checkpoint:<20}[/] reward {rewards.mean():8.1f} ± {rewards.std():.1f}  "
                f"QoS {100 * np.mean(evaluation.final_qos):6.2f} %  on {len(rewards)} unseen episodes",
                highlight=False,
            )

    def saved(self, path: Path) -> None:
        """Nothing: the summary names the model."""

    def note(self, text: str) -> None:
        """Pass a remark on."""
        if not self._quiet:
            note(text)
