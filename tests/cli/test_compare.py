"""``autoscale compare`` and its relatives: what they leave behind, and what they say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

QUICK = ("--episodes", 2, "--max-steps", 6)


def the_run(kind: str = "compare") -> Path:
    (found,) = Path("runs").glob(f"{kind}_run_*")
    return found


def test_a_comparison_leaves_everything_it_was_made_from(autoscale) -> None:
    outcome = autoscale("compare", "--agents", "average,static-14", *QUICK)
    assert outcome.code == 0, outcome.err
    run = the_run()
    names = {str(path.relative_to(run)) for path in run.rglob("*") if path.is_file()}
    assert names == {
        "aggregated_results.json",
        "config.yml",
        "manifest.json",
        "plots/comparison_plots.png",
        "plots/pareto.png",
        "report.html",
        "steps.parquet",
        "tasks.parquet",
    }
    assert str(run) in outcome.out
    steps = pd.read_parquet(run / "steps.parquet")
    assert len(steps) == 2 * 2 * 6
    tasks = pd.read_parquet(run / "tasks.parquet")
    assert len(tasks) == 2 * 2 * 1140
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["seed"] == 0
    assert manifest["command"][:2] == ["autoscale", "compare"]


def test_policies_meet_the_identical_tasks(autoscale) -> None:
    autoscale("compare", "--agents", "average,static-20", *QUICK)
    tasks = pd.read_parquet(the_run() / "tasks.parquet")
    columns = ["episode_seed", "task", "arrival_s", "service_s", "deadline_s"]
    average, static = (tasks[tasks["agent"] == agent][columns] for agent in ("reactiveaverage", "static-20"))
    pd.testing.assert_frame_equal(average.reset_index(drop=True), static.reset_index(drop=True))


def test_the_same_seed_gives_the_same_bytes_in_two_processes(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cli", "compare", "--agents", "average,static-14", "--episodes", "2"]
    written = []
    for folder in ("one", "two"):
        subprocess.run([*command, "--output-dir", str(tmp_path / folder)], check=True, capture_output=True)
        (steps,) = (tmp_path / folder).rglob("steps.parquet")
        written.append(steps.read_bytes())
    assert written[0] == written[1]


def test_engines_give_the_same_bytes(autoscale) -> None:
    for engine in ("simpy", "compiled"):
        assert autoscale("compare", "--agents", "average", *QUICK, "--engine", engine, "--output-dir", engine).code == 0
    simpy, compiled = (next(Path(engine).rglob("steps.parquet")).read_bytes() for engine in ("simpy", "compiled"))
    assert simpy == compiled


def test_json_is_all_that_is_on_stdout(autoscale) -> None:
    data = autoscale("compare", "--agents", "static-12", *QUICK, "--json").json()
    assert data["agents"]["static-12"]["mean_workers"] == {"mean": 12.0, "std": 0.0}
    assert Path(data["files"]["report"]).is_file()


def test_baselines_come_from_the_cache_the_second_time(autoscale) -> None:
    arguments = ("compare", "--agents", "average,static-14", *QUICK, "--baseline-cache", "cache")
    first = autoscale(*arguments, "--output-dir", "one", "--json").json()
    assert len(list(Path("cache").glob("*.parquet"))) == 2
    again = autoscale(*arguments, "--output-dir", "two", "--json").json()
    assert again["agents"] == first["agents"]
    other = autoscale(*arguments, "--seed", 5, "--output-dir", "three", "--json").json()
    assert other["agents"] != first["agents"]
    assert len(list(Path("cache").glob("*.parquet"))) == 4


def test_plot_only_draws_from_files_alone(autoscale) -> None:
    autoscale("compare", "--agents", "static-12", *QUICK)
    picture = the_run() / "plots" / "comparison_plots.png"
    picture.unlink()
    assert autoscale("compare", "--plot-only").code == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_scenarios_get_a_folder_each(autoscale) -> None:
    outcome = autoscale("compare", "--scenarios", "reference,ramp", "--agents", "static-12", *QUICK, "--json")
    assert set(outcome.json()["scenarios"]) == {"reference", "ramp"}
    assert {path.parent.name for path in the_run().rglob("aggregated_results.json")} == {"reference", "ramp"}


def test_a_run_of_several_scenarios_is_drawn_again_in_their_order(autoscale) -> None:
    autoscale("compare", "--scenarios", "ramp,reference", "--agents", "static-12", *QUICK)
    (run,) = Path("runs").glob("compare_run_*")
    pictures = [path for path in run.rglob("*") if path.suffix in {".png", ".html"}]
    for picture in pictures:
        picture.unlink()
    outcome = autoscale("plot", run)
    assert [line.split()[1] for line in outcome.out.splitlines()][:2] == ["reference", "ramp"]
    assert all(picture.is_file() for picture in pictures)


def test_a_users_policy_is_compared_by_module_and_factory(autoscale) -> None:
    Path("mine.py").write_text(
        "class Up:\n"
        "    def reset(self): pass\n"
        "    def act(self, observation, info): return len(info['action_deltas']) - 1\n"
        "def always_up(): return Up()\n"
    )
    data = autoscale("compare", "--model", "mine:always_up", *QUICK, "--json").json()
    assert data["agents"]["always_up"]["max_workers"]["mean"] == 18


def test_baselines_print_every_step(autoscale) -> None:
    outcome = autoscale("baselines", "--agent", "maximum", "--steps", 4, "--horizon", 16)
    assert "reactivemaximum" in outcome.out
    assert [line.split()[0] for line in outcome.out.splitlines() if line.strip()[:1].isdigit()] == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["compare", "--agents", "avrage"], "error: unknown agent 'avrage' (did you mean 'average'?); choose from"),
        (["compare", "--agents", "static-99"], "error: static-99: the farm has 1 to 32 workers"),
        (["compare", "--agents", ","], "error: --agents: name at least one"),
        (["compare", "--trace", "none.csv"], "error: none.csv: "),
        (["compare", "--as-recorded"], "error: --as-recorded: belongs to --trace FILE"),
        (["compare", "--backend", "simm"], "error: unknown backend 'simm' (did you mean 'sim'?)"),
        (["compare", "--on", "rai"], "error: unknown place 'rai' (did you mean 'ray'?)"),
        (["compare", "--address", "auto"], "error: --address auto: belongs to --on ray"),
        (["compare", "--engine", "fast"], "error: --engine fast: choose from compiled, simpy"),
        (["compare", "--set", "farm.max_workers=x"], 'error: --set farm.max_workers: farm.max_workers: "x": must be'),
        (["compare", "--max-steps", "0"], "error: --max-steps 0: must be greater than or equal to 1"),
        (["compare", "--step-duration", "-1"], "error: --step-duration: environment.step_duration_s: -1.0: must be"),
        (["compare", "--model", "none.safetensors"], "error: none.safetensors: "),
        (["compare", "--model", "/dev/zero"], "error: /dev/zero: is not a file"),
        (["compare", "--config", "/dev/zero"], "error: /dev/zero: 16000000 characters; a configuration has at most"),
        (["compare", "--model", "nowhere:factory"], "error: nowhere:factory: cannot be imported"),
        (["compare", "--model", "os:path"], "error: os:path: is a module; name a function or class that makes"),
        (["compare", "--model", "os.path:join"], "error: os.path:join raised TypeError: expected str"),
        (
            ["compare", "--model", "operator:add"],
            "error: operator:add: is called without arguments, or with the config",
        ),
        (["train", "sarsa", "--envs", "2", "--engine", "simpy"], "error: --envs 2: the farm simpy plays one episode"),
        (
            ["train", "dqn", "--batch-size", "9", "--replay-capacity", "5"],
            "batch_size 9 must not exceed replay",
        ),
        (["tune", "keda", "--deployment", "A b"], "error: --deployment 'A b': must be 1 to 63 of a-z"),
        (["farm", "up", "--workers", "33"], "error: --workers 33: the farm has at most 32; raise it with --set"),
        (["compare", "--trace", "/proc/self/mem"], "error: /proc/self/mem: cannot be read: "),
        (["compare", "--model", "json:loads_"], "error: json:loads_: json has no loads_"),
        (["compare", "--model", "collections:Counter"], "error: collections:Counter: made a Counter, which lacks"),
        (["compare", "--scenarios", "ramps"], "error: unknown scenario 'ramps' (did you mean 'ramp'?)"),
        (["compare", "--plot-only"], "error: runs: no finished comparison in it"),
        (["compare", "--input-dir", "x"], "error: --input-dir belongs to --plot-only"),
        (
            ["baselines", "--agent", "static-3"],
            "error: --agent static-3: choose from average, maximum, both; autoscale evaluate static-3 plays",
        ),
        (["train", "sarssa"], "error: unknown agent to train 'sarssa' (did you mean 'sarsa'?)"),
        (
            ["train", "sarsa", "--batch-size", "3"],
            "error: --batch-size belongs to dqn, ppo and distilled, not to sarsa",
        ),
        (["train", "dqn", "--hidden-layers", "64;64"], "error: --hidden-layers 64;64: write whole numbers"),
        (["train", "sarsa", "--gamma", "1.5"], "error: --gamma: agents.sarsa.gamma: 1.5: must be less than"),
        (["train", "sarsa", "--resume", "nowhere"], "error: nowhere: not a run folder (no manifest.json in it)"),
        (
            ["plot", "nowhere"],
            "error: nowhere: no run: neither training_metrics.json nor aggregated_results.json",
        ),
        (["config", "check", "none.yml"], "error: none.yml: cannot be read: No such file or directory"),
        (["compar"], "No such command 'compar'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_two(autoscale, arguments: list[str], message: str) -> None:
    outcome = autoscale(*arguments)
    assert outcome.code == 2
    assert message in " ".join(outcome.err.split())
    assert "Traceback" not in outcome.err
    assert not list(Path("runs").glob("*/*")) if Path("runs").exists() else True
