"""``autoscale train``: sarsa or dqn, in any farm, resumable to the bit."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from agents.training import resume as resume_training
from agents.training import train as start_training
from agents.training.types import TrainingResult
from autoscaling_env.errors import InputError, unknown_name
from autoscaling_env.run_folder import RunFolder
from cli import options
from cli.console import note, out
from cli.environments import Factories
from cli.settings import Overrides, backend_name, resolve, scenario_overrides
from cli.training_progress import TrainingProgress

AGENTS = ("sarsa", "dqn")
#: What may be said beside --resume.
WITH_RESUME = frozenset({"agent", "resume", "episodes", "backend", "engine", "as_json"})
#: Option -> key below agents.<agent>; the second element says which agent has it (None: both).
LEARNER_OPTIONS: dict[str, tuple[str, str | None]] = {
    "--episodes": ("episodes", None),
    "--gamma": ("gamma", None),
    "--epsilon": ("epsilon", None),
    "--epsilon-min": ("epsilon_min", None),
    "--epsilon-decay": ("epsilon_decay", None),
    "--bins": ("bins", "sarsa"),
    "--alpha": ("alpha", "sarsa"),
    "--trace-lambda": ("trace_lambda", "sarsa"),
    "--trace-threshold": ("trace_threshold", "sarsa"),
    "--learning-rate": ("learning_rate", "dqn"),
    "--hidden-layers": ("hidden_layers", "dqn"),
    "--replay-capacity": ("replay_capacity", "dqn"),
    "--batch-size": ("batch_size", "dqn"),
    "--target-update": ("target_update", "dqn"),
    "--target-tau": ("target_tau", "dqn"),
}


def train(
    context: typer.Context,
    agent: Annotated[str, typer.Argument(metavar="sarsa|dqn", help="What to train.")],
    episodes: Annotated[int | None, typer.Option("--episodes", min=1, help="Training episodes.")] = None,
    max_steps: options.MaxSteps = None,
    step_duration: options.StepDuration = None,
    observation_window: Annotated[
        float | None, typer.Option("--observation-window", help="Seconds the sliding window reaches back.")
    ] = None,
    initial_workers: options.InitialWorkers = None,
    bins: Annotated[
        str | None, typer.Option("--bins", metavar="N[,N…]", help="sarsa: bins per observation, one number or nine.")
    ] = None,
    alpha: Annotated[float | None, typer.Option("--alpha", help="sarsa: step size.")] = None,
    gamma: Annotated[float | None, typer.Option("--gamma", help="Discount per step.")] = None,
    epsilon: Annotated[float | None, typer.Option("--epsilon", help="First share of random actions.")] = None,
    epsilon_min: Annotated[float | None, typer.Option("--epsilon-min", help="Least share of random actions.")] = None,
    epsilon_decay: Annotated[float | None, typer.Option("--epsilon-decay", help="Factor after every episode.")] = None,
    trace_lambda: Annotated[float | None, typer.Option("--trace-lambda", help="sarsa: decay of traces.")] = None,
    trace_threshold: Annotated[
        float | None, typer.Option("--trace-threshold", help="sarsa: smaller traces are dropped.")
    ] = None,
    learning_rate: Annotated[float | None, typer.Option("--learning-rate", help="dqn: step size of Adam.")] = None,
    hidden_layers: Annotated[
        str | None, typer.Option("--hidden-layers", metavar="N,N", help="dqn: width of each hidden layer.")
    ] = None,
    replay_capacity: Annotated[int | None, typer.Option("--replay-capacity", help="dqn: transitions kept.")] = None,
    batch_size: Annotated[int | None, typer.Option("--batch-size", help="dqn: transitions in an update.")] = None,
    target_update: Annotated[
        int | None, typer.Option("--target-update", help="dqn: updates between two moves of the target network.")
    ] = None,
    target_tau: Annotated[float | None, typer.Option("--target-tau", help="dqn: how far it moves, 1 copies.")] = None,
    checkpoint_every: Annotated[
        int | None, typer.Option("--checkpoint-every", min=1, help="Episodes between two checkpoints.")
    ] = None,
    eval_episodes: Annotated[
        int | None, typer.Option("--eval-episodes", min=0, help="Unseen episodes each checkpoint is judged on.")
    ] = None,
    envs: Annotated[
        int | None, typer.Option("--envs", min=1, help="Episodes collected at once, on the compiled farm.")
    ] = None,
    phase_shuffle: options.PhaseShuffle = False,
    phase_shuffle_seed: options.PhaseShuffleSeed = None,
    scenario: options.Scenario = None,
    trace: options.Trace = None,
    seed: options.Seed = 0,
    output_dir: options.OutputDir = Path("runs"),
    resume: Annotated[
        Path | None, typer.Option("--resume", metavar="DIR", help="Go on in this run, to the bit as if uninterrupted.")
    ] = None,
    config: options.ConfigFile = None,
    assignments: options.Assignments = None,
    backend: options.BackendName = "sim",
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Train an agent in simulation, in seconds; Ctrl-C saves, --resume goes on.

    Examples:

      autoscale train sarsa --episodes 200

      autoscale train dqn --hidden-layers 64,64 --seed 3 --scenario flash_crowd

      autoscale train dqn --resume runs/dqn_run_20260101T000000Z --episodes 2000
    """
    if agent not in AGENTS:
        raise InputError(unknown_name("agent to train", agent, AGENTS))
    farm = backend_name(backend, engine)
    if resume is not None:
        _check_resumable(context)
        folder, factories = RunFolder.open(resume), Factories(farm)
        with _going_on(agent, folder), TrainingProgress(quiet=as_json) as listener:
            result = resume_training(
                folder,
                env_factory=factories.one,
                vector_env_factory=factories.many,
                agent=agent,
                episodes=episodes,
                listener=listener,
            )
        _report(result, as_json=as_json)
        return
    given = {
        "--episodes": episodes,
        "--gamma": gamma,
        "--epsilon": epsilon,
        "--epsilon-min": epsilon_min,
        "--epsilon-decay": epsilon_decay,
        "--bins": _numbers("--bins", bins, single=True),
        "--alpha": alpha,
        "--trace-lambda": trace_lambda,
        "--trace-threshold": trace_threshold,
        "--learning-rate": learning_rate,
        "--hidden-layers": _numbers("--hidden-layers", hidden_layers),
        "--replay-capacity": replay_capacity,
        "--batch-size": batch_size,
        "--target-update": target_update,
        "--target-tau": target_tau,
    }
    values: dict[str, tuple[str, Any]] = {
        "agents.training.checkpoint_every": ("--checkpoint-every", checkpoint_every),
        "agents.training.envs": ("--envs", envs),
        "agents.training.eval_episodes": ("--eval-episodes", eval_episodes),
        "environment.max_steps": ("--max-steps", max_steps),
        "environment.step_duration_s": ("--step-duration", step_duration),
        "environment.observation_window_s": ("--observation-window", observation_window),
        "environment.phase_shuffle": ("--phase-shuffle", phase_shuffle or None),
        "environment.phase_shuffle_seed": ("--phase-shuffle-seed", phase_shuffle_seed),
        "farm.initial_workers": ("--initial-workers", initial_workers),
        **_learner_values(agent, given),
    }
    resolved = resolve(scenario_overrides(scenario, Overrides(config, assignments or (), None, trace, values=values)))
    factories = Factories(farm)
    factories.workload(resolved)  # a trace that cannot be read is told before anything is written
    folder = RunFolder.create(output_dir, agent, datetime.now(UTC))
    with _going_on(agent, folder), TrainingProgress(quiet=as_json) as listener:
        result = start_training(
            agent,
            resolved,
            env_factory=factories.one,
            vector_env_factory=factories.many,
            seed=seed,
            folder=folder,
            listener=listener,
            command=sys.argv,
            started=datetime.now(UTC),
        )
    _report(result, as_json=as_json)


def _check_resumable(context: typer.Context) -> None:
    """Refuse options that would say how to train: a resumed run keeps its own settings."""
    said = {parameter.opts[0]: str(parameter.name) for parameter in context.command.params}
    sources = {option: context.get_parameter_source(name) for option, name in said.items() if name not in WITH_RESUME}
    given = [option for option, source in sources.items() if source is not None and source.name == "COMMANDLINE"]
    if given:
        raise InputError(*(f"{option} with --resume: the run keeps its settings; leave it out" for option in given))


@contextmanager
def _going_on(agent: str, folder: RunFolder) -> Iterator[None]:
    """Say how to go on where a second Ctrl-C stopped training at once."""
    try:
        yield
    except KeyboardInterrupt:
        if (folder.path / "manifest.json").is_file():
            again = shlex.join(("autoscale", "train", agent, "--resume", str(folder.path)))
            note(f"stopped; go on from the last checkpoint: {again}")
        raise


def _learner_values(agent: str, given: dict[str, Any]) -> dict[str, tuple[str, Any]]:
    wanted = {option: value for option, value in given.items() if value is not None}
    others = [option for option in wanted if LEARNER_OPTIONS[option][1] not in {None, agent}]
    if others:
        raise InputError(*(f"{option} belongs to {LEARNER_OPTIONS[option][1]}, not to {agent}" for option in others))
    return {f"agents.{agent}.{LEARNER_OPTIONS[option][0]}": (option, value) for option, value in wanted.items()}


def _numbers(option: str, text: str | None, *, single: bool = False) -> Any:
    if text is None:
        return None
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        raise InputError(f"{option} {text}: write whole numbers with commas between, such as 64,64") from None
    return numbers[0] if single and len(numbers) == 1 else numbers


def _report(result: TrainingResult, *, as_json: bool) -> None:
    evaluation = result.evaluation
    summary: dict[str, Any] = {
        "agent": result.agent,
        "episodes": result.episodes,
        "interrupted": result.interrupted,
        "model": str(result.model),
        "run": str(result.folder),
    }
    if evaluation is not None and evaluation.total_reward:
        count = len(evaluation.total_reward)
        summary["evaluation"] = {
            "episodes": count,
            "mean_total_reward": sum(evaluation.total_reward) / count,
            "mean_final_qos": sum(evaluation.final_qos) / count,
        }
    if as_json:
        typer.echo(json.dumps(summary, indent=1))
        return
    picture = _draw(result.folder) if result.episodes else None
    if "evaluation" in summary:
        judged = summary["evaluation"]
        out.print(
            f"{result.agent}: {judged['mean_total_reward']:.1f} total reward, {100 * judged['mean_final_qos']:.2f} % "
            f"of deadlines met, on {judged['episodes']} episodes it never saw",
            highlight=False,
            soft_wrap=True,
        )
    for what, where in (("model", result.model), ("records", result.folder), ("picture", picture or "none yet")):
        out.print(f"{what:<8} {where}", highlight=False, soft_wrap=True)
    if result.interrupted:
        out.print(f"go on    autoscale {shlex.join(result.resume_arguments)}", highlight=False, soft_wrap=True)


def _draw(folder: Path) -> Path:
    from cli.plot import draw_training

    return draw_training(RunFolder.open(folder))
