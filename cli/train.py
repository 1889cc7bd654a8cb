"""``autoscale train``: sarsa or dqn, in any farm, resumable to the bit."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autoscaling_env.errors import InputError, unknown_name
from cli import options
from cli.completing import one_of
from cli.console import note
from cli.learner_options import learner_values, numbers
from cli.settings import Overrides, backend_name, resolve, scenario_overrides

if TYPE_CHECKING:
    from autoscaling_env.run_folder import RunFolder

AGENTS = ("sarsa", "dqn")
#: Parameters that mean something together with --resume.
WITH_RESUME = frozenset({"context", "agent", "resume", "episodes", "backend", "engine", "as_json", "help"})


def train(
    context: typer.Context,
    agent: Annotated[
        str,
        typer.Argument(metavar="|".join(AGENTS), help="What to train.", autocompletion=one_of(lambda: AGENTS)),
    ],
    episodes: Annotated[int | None, typer.Option("--episodes", min=1, help="Training episodes.")] = None,
    max_steps: options.MaxSteps = None,
    step_duration: options.StepDuration = None,
    observation_window: Annotated[
        float | None, typer.Option("--observation-window", help="Seconds the sliding window reaches back.")
    ] = None,
    initial_workers: options.InitialWorkers = None,
    objective: options.Objective = None,
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

      autoscale train sarsa --objective cost --trace my_trace.csv

      autoscale train dqn --resume runs/dqn_run_20260101T000000Z --episodes 2000
    """
    from agents.training import train as start_training
    from autoscaling_env.run_folder import RunFolder
    from cli.environments import Factories
    from cli.training_progress import TrainingProgress
    from cli.training_report import report

    if agent not in AGENTS:
        raise InputError(unknown_name("agent to train", agent, AGENTS))
    farm = backend_name(backend, engine)
    if resume is not None:
        _only_what_resuming_takes(context)
        _resume(agent, resume, farm, episodes, as_json=as_json)
        return
    given = {
        "--episodes": episodes,
        "--gamma": gamma,
        "--epsilon": epsilon,
        "--epsilon-min": epsilon_min,
        "--epsilon-decay": epsilon_decay,
        "--bins": numbers("--bins", bins, single=True),
        "--alpha": alpha,
        "--trace-lambda": trace_lambda,
        "--trace-threshold": trace_threshold,
        "--learning-rate": learning_rate,
        "--hidden-layers": numbers("--hidden-layers", hidden_layers),
        "--replay-capacity": replay_capacity,
        "--batch-size": batch_size,
        "--target-update": target_update,
        "--target-tau": target_tau,
    }
    values: dict[str, tuple[str, Any]] = {
        "agents.training.checkpoint_every": ("--checkpoint-every", checkpoint_every),
        "agents.training.envs": ("--envs", envs),
        "agents.training.eval_episodes": ("--eval-episodes", eval_episodes),
        "environment.observation_window_s": ("--observation-window", observation_window),
        "environment.phase_shuffle": ("--phase-shuffle", phase_shuffle or None),
        "environment.phase_shuffle_seed": ("--phase-shuffle-seed", phase_shuffle_seed),
        **options.environment_values(max_steps, step_duration, initial_workers, objective),
        **learner_values(agent, given),
    }
    resolved = resolve(scenario_overrides(scenario, Overrides(config, assignments or (), None, trace, values=values)))
    factories = Factories(farm)
    factories.workload(resolved)  # a trace that cannot be read is told before anything is written
    if (many := resolved.agents.training.envs) > 1 and factories.many is None:
        raise InputError(
            f"--envs {many}: the farm {farm} plays one episode at a time; only the compiled one plays many"
        )
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
    report(result, as_json=as_json)


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


def _only_what_resuming_takes(context: typer.Context) -> None:
    """A run goes on with its own settings: an option that would change them is not passed over in silence."""
    given = [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name is not None
        and parameter.name not in WITH_RESUME
        and getattr(context.get_parameter_source(parameter.name), "name", "DEFAULT") != "DEFAULT"
    ]
    if given:
        raise InputError(
            *(f"{option} belongs to a new training; --resume keeps the run's settings" for option in given)
        )


def _resume(agent: str, run: Path, farm: str, episodes: int | None, *, as_json: bool) -> None:
    from agents.training import resume as resume_training
    from autoscaling_env.run_folder import RunFolder
    from cli.environments import Factories
    from cli.training_progress import TrainingProgress
    from cli.training_report import report

    folder = RunFolder.open(run)
    factories = Factories(farm)
    with _going_on(agent, folder), TrainingProgress(quiet=as_json) as listener:
        result = resume_training(
            folder,
            env_factory=factories.one,
            vector_env_factory=factories.many,
            agent=agent,
            episodes=episodes,
            listener=listener,
        )
    report(result, as_json=as_json)
