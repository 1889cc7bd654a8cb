"""An experiment as a person watches it: bars with the time remaining, episode lines, a table of live steps."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.live import Live
from rich.progress import TaskID

import experiments
from cli.console import err, note, progress
from cli.options import Farm
from cli.tables import table

if TYPE_CHECKING:
    from agents.training.types import Evaluation, TrainingEpisode
    from autoscaling_env.types import Observation

#: Steps that stay in sight.
SHOWN = 15
#: An episode line is printed so many times in a training, whatever its length.
LINES = 20


class Terminal:
    """Implements ``experiments.Listener``; silent where nobody watches.

    Args:
        quiet: say nothing at all, for ``--json``.
        real_time: episodes take minutes: they are shown step by step instead of by a bar.

    Attributes:
        saved_in: the run folder of the newest checkpoint; None before the first.
    """

    def __init__(self, *, quiet: bool = False, real_time: bool = False) -> None:
        self.saved_in: Path | None = None
        self._quiet = quiet
        self._bars = progress(quiet=quiet or real_time)
        self._tasks: dict[str, TaskID] = {}
        self._training, self._planned = "", 1
        self._rows: deque[dict[str, str]] = deque(maxlen=SHOWN)
        self._now = ("", -1)
        watched = real_time and not quiet and err.is_terminal
        self._live = Live(console=err, auto_refresh=False, transient=True) if watched else None

    def __enter__(self) -> Self:
        (self._live or self._bars).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        (self._live or self._bars).stop()

    def progress(self, task: str, done: int, total: int | None) -> None:
        """Move the bar of a task."""
        if task not in self._tasks:
            self._tasks[task] = self._bars.add_task(task, total=None)
        self._bars.update(self._tasks[task], completed=done, total=total)

    def note(self, text: str) -> None:
        """Print a remark."""
        if not self._quiet:
            note(text)

    def step(self, agent: str, episode: int, observation: Observation, reward: float, info: dict[str, Any]) -> None:
        """Show one more step of an episode in real time."""
        if self._live is None:
            return
        if (agent, episode) != self._now:
            self._rows.clear()
            self._now = (agent, episode)
        row = experiments.step_row(observation, reward, info)
        row["Ready"] = f"{info['workers_ready']}+{info['workers_starting']}"
        remarks = [info["scale_reason"].replace("ok", ""), info["scale_detail"], *info["stale"]]
        row["Note"] = " ".join(filter(None, remarks))
        self._rows.append(row)
        rows = [list(shown.values()) for shown in self._rows]
        self._live.update(table(f"{agent}, episode {episode + 1}", list(row), rows, room=err.width), refresh=True)

    def started(self, agent: str, done: int, planned: int) -> None:
        """Show how many training episodes there are."""
        self._training, self._planned = agent, planned
        self.progress(agent, done, planned)

    def episode(self, line: TrainingEpisode) -> None:
        """Move the bar; print some of the episodes."""
        self.progress(self._training, line.episode, self._planned)
        self._describe(f"{self._training} {line.total_reward:8.1f}")
        if not self._quiet and line.episode % max(1, self._planned // LINES) == 0:
            loss = "" if line.loss is None else f"  loss {line.loss:.4g}"
            err.print(
                f"episode {line.episode:>6}  return {line.total_reward:9.1f}  QoS {100 * line.final_qos:6.2f} %  "
                f"workers {line.mean_workers:5.2f}  epsilon {line.epsilon:.3f}{loss}",
                highlight=False,
            )

    def evaluation_progress(self, done: int, planned: int) -> None:
        """Say that a checkpoint is being evaluated."""
        if done < planned:
            self._describe(f"{self._training} evaluated {done}/{planned}")

    def evaluated(self, evaluation: Evaluation) -> None:
        """Print what a checkpoint is worth on unseen episodes."""
        if self._quiet or not evaluation.total_reward:
            return
        count = len(evaluation.total_reward)
        mean = sum(evaluation.total_reward) / count
        spread = (sum((each - mean) ** 2 for each in evaluation.total_reward) / count) ** 0.5
        qos = 100 * sum(evaluation.final_qos) / count
        shown = f"return {mean:8.1f} ± {spread:.1f}  QoS {qos:6.2f} %  on {count} unseen episodes"
        err.print(f"[bold]{evaluation.checkpoint:<20}[/] {shown}", highlight=False)

    def saved(self, path: Path) -> None:
        """Remember the run that has a checkpoint; the summary names the model."""
        self.saved_in = path.parents[1]

    def _describe(self, text: str) -> None:
        if self._training in self._tasks:
            self._bars.update(self._tasks[self._training], description=text)


def terminal_for(farm: Farm, *, quiet: bool = False) -> Terminal:
    """Return the listener for what is played on a farm (``cli.options.FARM``)."""
    return Terminal(quiet=quiet, real_time=experiments.in_real_time(**farm))
