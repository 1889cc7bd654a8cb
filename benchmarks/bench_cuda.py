"""Everything that is claimed of a GPU, measured on the one that is here: equality, steps a second, float32's deviation.

    benchmarks/on_gpu                                     all of it, in less than ten minutes
    python -m benchmarks.bench_cuda --device host --quick the same code on this machine's processor, to try the script

What was measured is kept in ``benchmarks/cuda.json`` under the card's name, apart from what a processor does.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from autoscaling_env.errors import AutoscalingError
from autoscaling_env.files import atomic_write
from benchmarks.timing import row, show
from simulator.cuda import replaying
from simulator.cuda.replaying import Script
from simulator.cuda.targets import Cuda, Target, target
from simulator.cuda.vector_env import PRECISIONS, CudaVectorEnv
from simulator.delays import overheads, pickup_delays, startup_delays
from simulator.vector_env import AutoscalingVectorEnv
from tests.simulator.episodes import Episode, random_episode

KEPT = Path(__file__).parent / "cuda.json"
SCENARIO = "flash_crowd"
#: Compared with the CPU's environment step by step.
COMPARED = ("flash_crowd", "slow_start", "heavy_tail", "on_off", "reference")
#: Results remembered of each environment: several times what a window of `flash_crowd` has.
RING = 512
#: Actions drawn before, taken in turns: drawing them is not what is measured.
ACTIONS = 8
#: Random episodes compared at once.
BLOCK = 2000


@dataclass(frozen=True)
class Size:
    """How much of everything.

    Attributes:
        episodes: random ones whose farms are compared.
        compared: environments, and steps of each, that are compared with the CPU's.
        rows: numbers of environments whose steps are timed.
        pool: levels that they share.
        fresh: environments that draw every episode anew.
        seconds: of timing each.
        threads, registers: threads of a block and registers of a thread to be tried; 0: as the compiler has it.
    """

    episodes: int = 100_000
    compared: tuple[int, int] = (64, 150)
    rows: tuple[int, ...] = (16_384, 131_072, 1_048_576)
    pool: int = 65_536
    fresh: int = 131_072
    seconds: float = 3.0
    threads: tuple[int, ...] = (64, 128, 256)
    registers: tuple[int, ...] = (0, 64)


QUICK = Size(40, (2, 4), (4,), 2, 2, 0.05, (128,), (0,))


def script_of(episode: Episode) -> Script:
    """Return a random episode with its delays."""
    tasks, farm = episode.tasks, episode.farm
    work_s, pickup_s = tasks.service_s + overheads(farm, tasks), pickup_delays(farm, tasks)
    script = Script(tasks.arrival_s, work_s, pickup_s, np.zeros(0), episode.workers, episode.steps, farm.collect_s)
    return replace(script, startup_s=startup_delays(farm, tasks.seed, script.starts)[: script.starts])


def equal_farms(device: Target, size: Size) -> list[dict[str, Any]]:
    """Compare random episodes' farms with the compiled ones, bit by bit; return how many were the same."""
    same = 0
    for first in range(0, size.episodes, BLOCK):
        seeds = range(first, min(first + BLOCK, size.episodes))
        scripts = [script_of(random_episode(np.random.default_rng(seed))) for seed in seeds]
        expected, found = replaying.on_compiled(scripts), replaying.on_device(scripts, device)
        differs = np.zeros(len(scripts), dtype=np.bool_)
        for one, two in zip(expected, found, strict=True):
            alike: Any = (one == two) | (one != one) & (two != two)
            differs |= ~alike.reshape(len(scripts), -1).all(axis=1)
        same += int((~differs).sum())
    return [row("random episodes, float64, equal to the bit", same, f"of {size.episodes}")]


def equal_environments(size: Size, name: str) -> list[dict[str, Any]]:
    """Compare environments with the CPU's: observations, rewards, ends."""
    count, steps = size.compared
    told = []
    for scenario in COMPARED:
        expected = AutoscalingVectorEnv(count, scenario=scenario)
        found = CudaVectorEnv(count, scenario=scenario, device=name, exact=True)
        expected.reset(seed=1)
        found.reset(seed=1)
        rng, same = np.random.default_rng(2), 0
        for _ in range(steps):
            actions = rng.integers(expected.single_action_space.n, size=count)  # type: ignore[attr-defined]
            one: Sequence[Any] = expected.step(actions)[:4]
            two: Sequence[Any] = found.step(actions)[:4]
            same += all(np.array_equal(a, found.target.fetch(b)) for a, b in zip(one, two, strict=True))
        found.check()
        told.append(row(f"{scenario}: steps equal to the bit, {count} environments", same, f"of {steps}"))
    return told


def made(name: str, rows: int, size: Size, *, fresh: bool = False, precision: str = "float64") -> CudaVectorEnv:
    """Return environments that draw their episodes on the device, begun."""
    env = CudaVectorEnv(
        rows,
        scenario=SCENARIO,
        device=name,
        autoreset_mode="SameStep",
        draw="device",
        pool=None if fresh else size.pool,
        ring=RING,
        precision=precision,
    )
    env.reset(seed=3)
    return env


def timed(env: CudaVectorEnv, seconds: float, act: Callable[[], Any]) -> tuple[float, float]:
    """Return steps, and tasks that arrived, a second, of all environments together, compiling left out."""
    for _ in range(3):
        env.step(act())
    env.target.synchronize()
    steps, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < seconds:
        for _ in range(4):
            env.step(act())
        steps += 4
        env.target.synchronize()
    per_s = steps * env.num_envs / (time.perf_counter() - begin)
    env.check()
    told = env.info()
    return per_s, per_s * told["enqueued_total"].sum() / max(told["step"].sum(), 1)


def random_actions(env: CudaVectorEnv) -> Callable[[], Any]:
    """Return what gives random actions that lie on the device."""
    rng, kinds = np.random.default_rng(5), int(env.single_action_space.n)  # type: ignore[attr-defined]
    drawn = [env.target.put(rng.integers(kinds, size=env.num_envs)) for _ in range(ACTIONS)]
    turns: Iterator[Any] = iter(())

    def act() -> Any:
        nonlocal turns
        following = next(turns, None)
        if following is None:
            turns = iter(drawn)
            following = next(turns)
        return following

    return act


def speed(name: str, size: Size) -> list[dict[str, Any]]:
    """Time steps with random actions, of few and many environments, in both precisions."""
    told = []
    for precision in PRECISIONS:
        for rows in size.rows:
            env = made(name, rows, size, precision=precision)
            steps, tasks = timed(env, size.seconds, random_actions(env))
            what = f"{rows:,} environments, {precision}, {size.pool:,} levels"
            told += [row(what, steps, "steps/s"), row(f"{what}, memory", env.device_bytes / 2**30, "GiB")]
            told.append(row(f"{what}, tasks", tasks, "tasks/s"))
            del env
    env = made(name, size.fresh, size, fresh=True)
    steps, _ = timed(env, size.seconds, random_actions(env))
    return [*told, row(f"{size.fresh:,} environments, float64, every episode drawn anew", steps, "steps/s")]


def tuned(size: Size) -> list[dict[str, Any]]:
    """Time steps of most environments with other blocks, and with fewer registers: what limits a GPU."""
    told = []
    for threads in size.threads:
        for registers in size.registers:
            device = Cuda(threads=threads, registers=registers or None)
            env = made("cuda", max(size.rows), size)
            env.target = device
            env.compile()
            steps, _ = timed(env, size.seconds / 2, random_actions(env))
            what = f"{threads} threads a block, {registers or 'any'} registers"
            told += [
                row(what, steps, "steps/s"),
                *(row(f"{what}: {key}", number, "") for key, number in device.costs()),
            ]
    return told


def deviation(name: str, size: Size) -> list[dict[str, Any]]:
    """Compare float32 with float64 on the same episodes and actions: returns and deadlines met of whole episodes."""
    finals = {}
    for precision in PRECISIONS:
        env = made(name, min(size.rows), size, precision=precision)
        act = random_actions(env)
        for _ in range(env.config.environment.max_steps):
            env.step(act())
        env.check()
        finals[precision] = [env.target.fetch(getattr(env.outcomes, key)) for key in ("final_return", "final_qos")]
        over = env.target.fetch(env.outcomes.final_steps) > 0
    (exact, exact_qos), (near, near_qos) = finals["float64"], finals["float32"]
    if not over.any():
        return []
    error, spread = np.abs(near - exact)[over], exact[over].std()
    return [
        row("float32: largest deviation of an episode's return", error.max(), "reward"),
        row("float32: mean deviation, in standard deviations of the return", error.mean() / max(spread, 1e-12), ""),
        row("float32: largest deviation of deadlines met", np.abs(near_qos - exact_qos)[over].max(), "share"),
    ]


def with_a_policy(size: Size) -> list[dict[str, Any]]:
    """Time steps with a policy's network in the loop, and PPO's training where it is there."""
    if find_spec("torch") is None:
        return []
    import torch

    if not torch.cuda.is_available():
        return []
    env = made("cuda", max(size.rows), size)
    seen = torch.as_tensor(env.playing.episodes.observation, device="cuda")
    kinds = int(env.single_action_space.n)  # type: ignore[attr-defined]
    layers = (torch.nn.Linear(seen.shape[1], 64), torch.nn.Tanh(), torch.nn.Linear(64, 64), torch.nn.Tanh())
    network = torch.nn.Sequential(*layers, torch.nn.Linear(64, kinds)).cuda()

    def act() -> Any:
        with torch.no_grad():
            noise = torch.empty(len(seen), kinds, device="cuda").exponential_().log()
            chosen = (network(seen) - noise).argmax(dim=1)  # Gumbel's trick: a draw from the policy
        torch.cuda.current_stream().synchronize()  # ours is another stream
        return chosen

    steps, _ = timed(env, size.seconds, act)
    ppo = "agents.ppo is here: autoscale train ppo" if find_spec("agents.ppo") else "agents.ppo is not here"
    return [row(f"{max(size.rows):,} environments, a network of 64 x 64 decides ({ppo})", steps, "steps/s")]


def run(name: str, size: Size) -> list[dict[str, Any]]:
    """Measure everything; what was found so far is shown as it is found."""
    device = target(name)
    Console().print(f"[bold]{device.name}[/]")
    parts: list[Callable[[], list[dict[str, Any]]]] = [
        lambda: equal_farms(device, size),
        lambda: equal_environments(size, name),
        lambda: deviation(name, size),
        lambda: speed(name, size),
    ]
    if name == "cuda" and not getattr(device, "simulated", False):
        parts += [lambda: with_a_policy(size), lambda: tuned(size)]
    told = []
    for part in parts:
        found = part()
        show(found)
        told += found
    return told


def keep(card: str, rows: list[dict[str, Any]], place: Path = KEPT) -> None:
    """Keep the rows under the card's name; those of other cards stay."""
    known = json.loads(place.read_text("utf-8")) if place.exists() else {}
    with atomic_write(place) as file:
        json.dump(known | {card: rows}, file, indent=1)


def main(arguments: list[str]) -> None:
    """Measure, show, and keep what a GPU did."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_cuda", description=__doc__)
    parser.add_argument("--device", choices=("cuda", "host"), default="cuda")
    parser.add_argument(
        "--quick", action="store_true", help="as little of everything as there can be: tries the script"
    )
    parser.add_argument("--output", type=Path, default=None, help=f"where to keep it; {KEPT.name}, of a GPU")
    given = parser.parse_args(arguments)
    rows, card = run(given.device, QUICK if given.quick else Size()), target(given.device).name
    place = given.output or (KEPT if given.device == "cuda" and "simulated" not in card else None)
    if place is not None:
        keep(card, rows, place)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except AutoscalingError as error:
        sys.exit(str(error))
