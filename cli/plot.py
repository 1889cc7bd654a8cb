"""``autoscale plot``: draw a run's pictures again, from its files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.show import print_paths

if TYPE_CHECKING:
    from autoscaling_env.run_folder import RunFolder


def plot(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder: of a training or a comparison.")],
) -> None:
    """Draw the pictures of a run again.

    Example: autoscale plot runs/dqn_run_20260101T000000Z
    """
    from autoscaling_env.run_folder import RunFolder
    from cli.finishing import pictures, recorded

    if (run / "training_metrics.json").is_file():
        paths = {"picture": draw_training(RunFolder.open(run))}
    else:
        paths = pictures(run, recorded(run), 0)
    print_paths(paths)


def draw_training(folder: RunFolder) -> Path:
    """Draw the learning curve with its evaluations."""
    from analysis.plots.learning import learning_curves

    judged = (folder.path / "evaluation_metrics.json").is_file()
    evaluation = folder.read_json("evaluation_metrics.json") if judged else None
    training = folder.read_json("training_metrics.json")
    title = f"{training['agent']}, seed {training['seed']}"
    return learning_curves(training, evaluation, folder.path / "plots" / "learning_curves.png", title=title)
