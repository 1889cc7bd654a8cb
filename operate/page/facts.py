"""What does not change while a controller runs, in the page's words."""

from __future__ import annotations

from dataclasses import dataclass

from operate.config import BoundsConfig, ObjectiveConfig, OperateConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is shown of a controller besides its records.

    Attributes:
        title: of the page.
        source: whose queue, in a few words, without passwords.
        target: whose workers, likewise.
        policy: name of who decides.
        mode: as configured: ``shadow`` or ``act``.
        objective: what is promised.
        bounds: the least and most workers.
        interval_s: seconds between ticks.
    """

    title: str = "autoscale operate"
    source: str
    target: str
    policy: str
    mode: str
    objective: ObjectiveConfig
    bounds: BoundsConfig
    interval_s: float

    @staticmethod
    def of(config: OperateConfig, source: str, target: str) -> Facts:
        """Return those of a configuration; ``source`` and ``target`` as they describe themselves."""
        return Facts(
            source=source,
            target=target,
            policy=config.policy,
            mode=config.mode,
            objective=config.objective,
            bounds=config.bounds,
            interval_s=config.interval,
        )

    @property
    def promise(self) -> str:
        """What is promised, in words."""
        what = "finished" if self.objective.finish_within is not None else "started"
        within, window = span(self.objective.within_s), span(self.objective.window)
        return f"{percent(self.objective.share)} of tasks {what} within {within}, over {window}"


def span(seconds: float) -> str:
    """Return a duration as people write it, in its two largest units: ``45 s``, ``1 h 30 min``."""
    if seconds < 60:
        return f"{seconds:.3g} s"
    whole = round(seconds)
    parts = [(whole // 86400, "d"), (whole // 3600 % 24, "h"), (whole // 60 % 60, "min"), (whole % 60, "s")]
    first = next(place for place, (count, _) in enumerate(parts) if count)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count)


def percent(share: float) -> str:
    """Return a share from 0 to 1 with as many digits as tell it from 100 %."""
    return f"{100 * share:.4g} %"
