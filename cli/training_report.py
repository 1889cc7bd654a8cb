"""What a finished or interrupted training is worth, where it is, and how to go on."""

from __future__ import annotations

import json
import shlex
from typing import Any

import typer

from agents.training.types import TrainingResult
from autoscaling_env.run_folder import RunFolder
from cli.console import out
from cli.plot import draw_training


def report(result: TrainingResult, *, as_json: bool) -> None:
    """Print the outcome of a training; draw its learning curve.

    Raises:
        typer.Exit: with 130, where Ctrl-C cut it short.
    """
    summary = _summary(result)
    if as_json:
        typer.echo(json.dumps(summary, indent=1))
    else:
        _show(result, summary.get("evaluation"))
    if result.interrupted:
        raise typer.Exit(130)


def _summary(result: TrainingResult) -> dict[str, Any]:
    summary: dict[str, Any] = {
        "agent": result.agent,
        "episodes": result.episodes,
        "interrupted": result.interrupted,
        "model": str(result.model),
        "run": str(result.folder),
    }
    evaluation = result.evaluation
    if evaluation is not None and evaluation.total_reward:
        count = len(evaluation.total_reward)
        summary["evaluation"] = {
            "episodes": count,
            "mean_total_reward": sum(evaluation.total_reward) / count,
            "mean_final_qos": sum(evaluation.final_qos) / count,
        }
    return summary


def _show(result: TrainingResult, judged: dict[str, Any] | None) -> None:
    picture = draw_training(RunFolder.open(result.folder)) if result.episodes else "none yet"
    if judged is not None:
        _print(
            f"{result.agent}: {judged['mean_total_reward']:.1f} total reward, {100 * judged['mean_final_qos']:.2f} % "
            f"of deadlines met, on {judged['episodes']} episodes it was not trained on{_chosen(result)}"
        )
    for what, where in (("model", result.model), ("records", result.folder), ("picture", picture)):
        _print(f"{what:<8} {where}")
    if result.interrupted:
        _print(f"go on    autoscale {shlex.join(result.resume_arguments)}")


def _chosen(result: TrainingResult) -> str:
    """Which checkpoint that was, where not the last one."""
    evaluation = result.evaluation
    if evaluation is None or result.interrupted or evaluation.episode == result.episodes:
        return ""
    return f", after episode {evaluation.episode}: the best of {result.judged} checkpoints evaluated"


def _print(line: str) -> None:
    out.print(line, highlight=False, soft_wrap=True)
