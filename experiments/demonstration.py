"""The main job on embedded defaults: policies that look ahead beside the autoscalers people run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

from autoscaling_env.run_folder import RunFolder
from experiments.comparing import Settings, play_place
from experiments.comparison import Comparison, read_comparison
from experiments.listening import Listener
from experiments.setup import Setup, place_of

RULES = ("hpa", "keda", "kpa", "static-best")
#: Loads that swing, each with the trained policy that ships with the package (see ``benchmarks.demo_models``).
SCENARIOS = ("flash_crowd", "diurnal")
#: Where the planner shows itself, too: its decisions take milliseconds, and a day has many.
PLANNED = ("flash_crowd",)
#: Rules reach their targets at once, as in a cluster, and an episode costs plain money, unless asked for otherwise.
AS_PEOPLE_RUN_IT = {"environment.action": "target", "reward.objective": "cost"}


def trained_model(scenario: str) -> Path:
    """Return the packaged policy of a scenario: a DQN that runs without torch."""
    return Path(str(resources.files("experiments.models_of_demo") / f"{scenario}.safetensors"))


def demo(
    setup: Setup, *, episodes: int, output_dir: Path, listener: Listener | None = None, command: Sequence[str] = ()
) -> Comparison:
    """Compare what looks ahead with the autoscalers people run and the best constant, where the load swings."""
    given = {key: value for key, value in setup.settings.items() if value is not None}
    setup = replace(setup, settings=AS_PEOPLE_RUN_IT | given)
    settings = Settings(episodes=episodes, output_dir=output_dir, command=command)
    places = [place_of(replace(setup, scenario=name)) for name in SCENARIOS]
    started = datetime.now(UTC)
    root = RunFolder.create(output_dir, "demo", started)
    with root.kept_if_begun():
        root.write_start(places[0].config, command=list(command), seed=places[0].test_seed, started=started)
        for place in places:
            policies = [*RULES, str(trained_model(place.name)), *(["planner"] if place.name in PLANNED else [])]
            folder = RunFolder(root.path / place.name)
            if play_place(policies, place, settings, folder, listener=listener).interrupted:
                break
    title = "Demo: policies that look ahead beside the autoscalers you run today"
    return read_comparison(root.path, seed=places[0].test_seed, title=title)
