"""Forecasters on what was held back of a history: their scores, their say in the mixture, and fans to draw."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from agents.planning.forecast import Forecaster, ForecastScore, History, Mixture, score
from agents.planning.forecast.forecaster import Counts
from agents.planning.forecast.scoring import LEVELS
from analysis.fan import Fan
from autoscaling_env.errors import InputError
from experiments.listening import Listener
from experiments.planners import forecasters

#: Futures of a forecast that is scored, and so many forecasts are made of each forecaster at most, about.
SAMPLES, FORECASTS = 100, 400
#: Forecasts that are drawn.
FANS = 6
#: Who is drawn, whose members have weights; and who is none of them.
MIXTURE, STATISTICAL = "mixture", "statsforecast"


def split(history: History, held_back: float) -> tuple[History, History]:
    """Return what forecasters are fitted to, and the last episodes, or the last part of a single one.

    Raises:
        InputError: the history is a single step.
    """
    count = len(history.episodes)
    if count > 1:
        last = min(max(1, round(held_back * count)), count - 1)
        return history.part(0, count - last), history.part(count - last, count)
    (episode,) = history.episodes
    if len(episode) < 2:
        raise InputError("history: a single step cannot be held back in part; record for longer")
    at = min(max(1, round((1 - held_back) * len(episode))), len(episode) - 1)
    offset = (history.offsets[0] + at) % history.period if history.period else 0
    first = History(history.step_s, (episode[:at],), history.period, history.offsets)
    return first, History(history.step_s, (episode[at:],), history.period, (offset,))


class Trial:
    """Forecasters that know one part of a history, on the other part.

    Args:
        known: what they are fitted to.
        rest: what they foresee.
        horizon: steps ahead, >= 1.
        statistical: statsforecast is one of them.

    Raises:
        InputError: no episode of ``rest`` is as long as the horizon.
        ModuleNotFoundError: statsforecast is wanted and not installed.
    """

    def __init__(self, known: History, rest: History, horizon: int, *, statistical: bool = False) -> None:
        room = [len(episode) - horizon + 1 for episode in rest.episodes]
        if max(room) < 1:
            longest = max(map(len, rest.episodes)) * known.step_s
            raise InputError(
                f"--horizon {horizon * known.step_s:g}: what is held back lasts {longest:g} s; foresee less, or hold "
                "back more"
            )
        self.horizon = horizon
        self._known, self._rest, self._statistical = known, rest, statistical
        self._every = -(-sum(max(each, 0) for each in room) // FORECASTS)
        self._made: dict[int, dict[str, Forecaster]] = {}

    def scores(self, listener: Listener) -> dict[str, ForecastScore]:
        """Return the score of each forecaster, by name."""
        rng, parts = np.random.default_rng(0), dict[str, list[ForecastScore]]()
        total = len(self._rest.episodes)
        for done, (episode, forecasters_there) in enumerate(self._episodes(), 1):
            for name, each in forecasters_there.items():
                if len(episode) >= self.horizon:
                    found = score(each, [episode], horizon=self.horizon, rng=rng, samples=SAMPLES, every=self._every)
                    parts.setdefault(name, []).append(found)
            listener.progress("scoring forecasters", done, total)
        return {name: ForecastScore.combined(found) for name, found in parts.items()}

    def weights(self) -> dict[str, float]:
        """Return what each member of the mixture weighed where forecasts were scored, on average."""
        found = []
        for episode, there in self._episodes():
            mixture = there[MIXTURE]
            assert isinstance(mixture, Mixture)  # noqa: S101 - ``forecasters`` makes it
            found += [mixture.weights(episode[:now]) for now in self._moments(episode)]
        members = [name for name in there if name not in {MIXTURE, STATISTICAL}]
        return dict(zip(members, np.mean(found, axis=0).tolist(), strict=True))

    def fans(self) -> list[Fan]:
        """Return forecasts of the mixture, at moments spread over all that is held back."""
        long = [each for each in enumerate(self._episodes(), 1) if len(each[1][0]) >= self.horizon]
        chosen: dict[tuple[int, int], Fan] = {}
        for place in range(FANS):  # one after the other in the day, too
            number, (episode, there) = long[place * len(long) // FANS]
            now = int((len(episode) - self.horizon + 1) * (place + 0.5) / FANS)
            chosen[number, now] = self._fan(number, episode, there[MIXTURE], now)
        return list(chosen.values())

    def _fan(self, number: int, episode: Counts, mixture: Forecaster, now: int) -> Fan:
        futures = mixture.sample(episode[:now], self.horizon, 10 * SAMPLES, np.random.default_rng(0))
        quantiles = np.quantile(futures, LEVELS, axis=0)
        before = episode[max(now - 2 * self.horizon, 0) : now]
        title = f"episode {number}, at {now * self._known.step_s:,.0f} s"
        return Fan(title, now, before, episode[now : now + self.horizon], quantiles)

    def _moments(self, episode: Counts) -> range:
        return range(0, len(episode) - self.horizon + 1, self._every)

    def _episodes(self) -> Iterator[tuple[Counts, dict[str, Forecaster]]]:
        """Yield each episode held back, and the forecasters as they begin with it."""
        for episode, begin in zip(self._rest.episodes, self._rest.offsets, strict=True):
            if begin not in self._made:
                self._made[begin] = self._forecasters(begin)
            yield episode, self._made[begin]

    def _forecasters(self, begin: int) -> dict[str, Forecaster]:
        found = forecasters(self._known, begin)
        if self._statistical:
            from agents.planning.forecast.statistical import Statistical  # an optional extra

            found[STATISTICAL] = Statistical(self._known, begin)
        return found
