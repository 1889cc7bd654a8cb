"""Seeds drawn ahead are the seeds the environments' own generators give one at a time."""

from __future__ import annotations

import copy

import numpy as np
from gymnasium.utils import seeding

from autoscaling_env.rng import episode_seeds
from simulator.seeds import AHEAD, EpisodeSeeds


def one_at_a_time(seed: int, count: int) -> list[int]:
    generator, _ = seeding.np_random(seed)
    return [int(generator.integers(2**53)) for _ in range(count)]


def test_each_environment_gets_its_own_generator_s_seeds_in_order() -> None:
    seeds, rows = EpisodeSeeds(3), np.array([0, 2])
    for row in range(3):
        seeds.seed(row, 40 + row)
    seeds.next(np.array([1]))
    drawn = np.array([seeds.next(rows) for _ in range(2 * AHEAD + 1)])
    assert drawn[:, 0].tolist() == one_at_a_time(40, 2 * AHEAD + 1)
    assert drawn[:, 1].tolist() == one_at_a_time(42, 2 * AHEAD + 1)
    assert seeds.next(np.array([1])).tolist() == one_at_a_time(41, 2)[1:]


def test_a_new_seed_forgets_what_was_drawn_ahead() -> None:
    seeds, row = EpisodeSeeds(1), np.array([0])
    seeds.seed(0, 1)
    seeds.next(row)
    seeds.seed(0, 7)
    assert seeds.next(row).tolist() == one_at_a_time(7, 1)


def test_no_seed_keeps_the_generator_there_is() -> None:
    seeds, row = EpisodeSeeds(1), np.array([0])
    seeds.seed(0, 1)
    first = int(seeds.next(row)[0])
    seeds.seed(0, None)
    assert [first, int(seeds.next(row)[0])] == one_at_a_time(1, 2)


def test_without_any_seed_environments_differ() -> None:
    seeds = EpisodeSeeds(2)
    for row in range(2):
        seeds.seed(row, None)
    one, two = seeds.next(np.array([0, 1])).tolist()
    assert one != two


def test_a_copy_goes_on_alike() -> None:
    seeds, row = EpisodeSeeds(1), np.array([0])
    seeds.seed(0, 3)
    seeds.next(row)
    other = copy.deepcopy(seeds)
    assert [seeds.next(row)[0] for _ in range(AHEAD)] == [other.next(row)[0] for _ in range(AHEAD)]


def test_an_experiment_s_seeds_are_single_draws_of_one_generator() -> None:
    generator = np.random.default_rng(np.random.SeedSequence(11))
    assert episode_seeds(11, 40) == tuple(int(generator.integers(2**53)) for _ in range(40))
