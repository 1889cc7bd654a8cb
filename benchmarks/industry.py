"""The table of docs/autoscalers.md: what the industry autoscalers cost, behind one worker a step and reaching targets.

    python -m benchmarks.industry [--scenarios flash_crowd,ramp] [--rules hpa,kpa] [--episodes 10]

Prints Markdown: mean cost of an episode (objective ``cost``) and share of deadlines met by what was collected, in per
cent, on each scenario's own test episodes. The cost of tasks that were never collected is not in it.
Scenarios whose recordings are not shipped need AUTOSCALE_DATA, the folder that holds them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence

from agents.autoscalers import INDUSTRY
from experiments import Setup, compare

SCENARIOS = ("flash_crowd", "diurnal", "slow_start", "on_off", "ramp")
#: One worker a step, as the reference deployment's actuator; targets at once, as a cluster's.
ACTIONS = ("delta", "target")


def measured(scenario: str, rules: Sequence[str], action: str, episodes: int) -> dict[str, str]:
    """Play the test episodes of a scenario; return rule -> cost (QoS in per cent)."""
    settings = {"environment.action": action, "reward.objective": "cost"}
    setup = Setup(scenario=scenario, settings=settings)
    found = compare(rules, setup, episodes=episodes, engine="compiled", record_tasks=False).episodes()
    means = found.groupby("agent")[["total_reward", "final_qos_total"]].mean()
    costs, qos = -means["total_reward"].to_numpy(float), 100 * means["final_qos_total"].to_numpy(float)
    return {str(rule): f"{cost:.0f} ({met:.0f})" for rule, cost, met in zip(means.index, costs, qos, strict=True)}


def rows(scenarios: Iterable[str], rules: Sequence[str], episodes: int) -> Iterable[str]:
    """Yield the lines of the table as they are measured."""
    yield "| | " + " | ".join(rules) + " |"
    yield "|---" * (len(rules) + 1) + "|"
    for scenario in scenarios:
        step, target = (measured(scenario, rules, action, episodes) for action in ACTIONS)
        yield f"| `{scenario}` | " + " | ".join(f"{step[rule]} → {target[rule]}" for rule in rules) + " |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", type=_names, default=SCENARIOS)
    parser.add_argument("--rules", type=_names, default=tuple(INDUSTRY))
    parser.add_argument("--episodes", type=int, default=10)
    arguments = parser.parse_args()
    for line in rows(arguments.scenarios, arguments.rules, arguments.episodes):
        print(line, flush=True)


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


if __name__ == "__main__":
    main()
