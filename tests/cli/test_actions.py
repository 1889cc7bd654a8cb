"""Where the actions are others than those a run or a model knows, that is one line, and nothing half-written stays."""

from __future__ import annotations

import re
from pathlib import Path

from autoscaling_env.config import load_config

QUICK = ("--episodes", 1, "--max-steps", 3)
JUMP = """
class Jumps:
    def reset(self): pass
    def decide(self, observation, info): return 12 + 8 * info["step"]
def jumps(): return Jumps()
"""


def runs() -> set[str]:
    return {path.name for path in Path("runs").iterdir()}


def test_a_recording_that_cannot_be_played_truly_is_refused(autoscale) -> None:
    Path("mine.py").write_text(JUMP)
    assert autoscale("compare", "--model", "mine:jumps", "--direct", *QUICK).code == 0
    before = runs()
    (run,) = before
    assert autoscale("replay", f"runs/{run}").code == 0
    played = runs()
    outcome = autoscale("replay", f"runs/{run}", "--set", "environment.action=delta")
    assert (outcome.code, outcome.out) == (2, "")
    line = (
        r"error: episode \d+, step 2: the recording goes from 12 to 20 workers, which no action of \[-1, 0, 1\] does; "
        r"replay it with --set environment.action=target\n"
    )
    assert re.fullmatch(line, outcome.err)
    assert runs() == played


def test_a_model_is_refused_where_its_actions_cannot_be_done(autoscale) -> None:
    trained = autoscale("train", "sarsa", *QUICK, "--eval-episodes", 0, "--direct", "--json").json()
    before = runs()
    outcome = autoscale("evaluate", trained["model"], *QUICK)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        f"error: {trained['model']}: trained with targets from 1 to 32, not action_deltas [-1, 0, 1]\n"
    )
    assert runs() == before


def test_a_run_from_before_there_were_targets_goes_on(autoscale) -> None:
    autoscale("train", "sarsa", "--episodes", 2, "--eval-episodes", 0, "--max-steps", 3)
    (run,) = Path("runs").iterdir()
    config = (run / "config.yml").read_text()
    before = re.sub(r"\n +action: delta\n", "\n", config)
    assert before != config
    (run / "config.yml").write_text(before)
    assert load_config(run / "config.yml").environment.action == "delta"
    assert autoscale("train", "sarsa", "--resume", run, "--episodes", 4, "--json").json()["episodes"] == 4
