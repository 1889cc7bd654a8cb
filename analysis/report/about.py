"""What the report says about the run itself: what, when, with which seeds and versions."""

from __future__ import annotations

import shlex

from analysis.metrics import METRICS
from analysis.palette import HINDSIGHT
from analysis.report.sources import Scenario, Sources
from analysis.tables import Row
from autoscaling_env.secrets import without_passwords


def lead(sources: Sources) -> str:
    """One line under the title."""
    agents = [agent for scenario in sources.scenarios for agent in scenario.results.agents.values()]
    names = {name for scenario in sources.scenarios for name in scenario.results.agents}
    counts = sorted({len(agent.records) for agent in agents})
    scenarios = f", {len(sources.scenarios)} scenarios" if len(sources.scenarios) > 1 else ""
    episodes = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return f"{len(names)} agents{scenarios}, {episodes} episodes each"


def command(sources: Sources) -> str:
    """Return the command as it can be pasted into a shell; empty if it was not recorded."""
    words = [without_passwords(str(word)) for word in sources.manifest.get("command") or []]
    if words and words[0].endswith(("/autoscale", "/__main__.py")):
        words[0] = "autoscale"  # where it was installed is nobody's business
    return shlex.join(words)


def facts(sources: Sources) -> dict[str, str]:
    """Return what was run, by name; what is not known is left out."""
    manifest = sources.manifest
    known = {
        "Run": sources.folder.name,
        "Started": manifest.get("started_utc"),
        "Evaluation seed": _seeds(sources),
        "Objective": _objective(sources),
        "Workload": ", ".join(scenario.name for scenario in sources.scenarios if scenario.name),
        "Agents": ", ".join(dict.fromkeys(name for each in sources.scenarios for name in each.results.agents)),
        "Command": command(sources),
    }
    return {name: str(value) for name, value in known.items() if value not in (None, "")}


def notes(sources: Sources) -> list[str]:
    """Return what was done to the workload, and whether the run was cut short."""
    found = [str(note) for scenario in sources.scenarios for note in scenario.results.meta.get("notes", [])]
    if any(scenario.results.meta.get("interrupted") for scenario in sources.scenarios):
        found.append("The run was interrupted: not every agent played every episode.")
    return list(dict.fromkeys(found))


def overview(sources: Sources) -> list[Row]:
    """Scenario x agent, mean episode return; empty for a single scenario."""
    if len(sources.scenarios) < 2:
        return []
    agents = dict.fromkeys(name for scenario in sources.scenarios for name in scenario.results.agents)
    return [_overview_row(scenario, list(agents)) for scenario in sources.scenarios]


def versions(sources: Sources) -> list[Row]:
    """Return what is needed to repeat the run."""
    manifest = sources.manifest
    packages = manifest.get("packages")
    known = {
        "openfaas-autoscaling": manifest.get("version"),
        "git commit": manifest.get("git_commit"),
        "configuration (sha256)": manifest.get("config_sha256"),
        "Python": manifest.get("python"),
        "platform": manifest.get("platform"),
        **(packages if isinstance(packages, dict) else {}),
    }
    return [{"What": str(name), "Version": str(version)} for name, version in known.items() if version]


def _seeds(sources: Sources) -> str:
    seeds = {scenario.name: scenario.results.meta.get("seed") for scenario in sources.scenarios}
    different = {str(seed) for seed in seeds.values() if seed is not None}
    if len(different) > 1:
        return ", ".join(f"{name} {seed}" for name, seed in seeds.items() if seed is not None)
    return different.pop() if different else str(sources.manifest.get("seed", ""))


def _objective(sources: Sources) -> str:
    named = {str(scenario.results.meta.get("objective", "")) for scenario in sources.scenarios}
    return ", ".join(sorted(named - {""}))


def _overview_row(scenario: Scenario, agents: list[str]) -> Row:
    means = {name: agent.summary["total_reward"].mean for name, agent in scenario.results.agents.items()}
    contest = {name: mean for name, mean in means.items() if name != HINDSIGHT}
    best = max(contest, key=contest.__getitem__, default="")
    metric = METRICS["total_reward"]
    shown = {name: metric.shown(mean) + (" *" if name == best else "") for name, mean in means.items()}
    return {"Scenario": scenario.name} | {name: shown.get(name, "-") for name in agents}
