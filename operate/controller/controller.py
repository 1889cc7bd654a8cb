"""One tick after the other: what is seen becomes a decision; it is bent and written, and all of it is recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from autoscaling_env.schema import RECORDED
from operate.config import OperateConfig
from operate.controller.choosing import HOLD, Choice, Chooser
from operate.controller.clocks import Clocks
from operate.controller.judging import Judge
from operate.controller.keeping import Keeping
from operate.controller.seeing import Eyes, Seen
from operate.controller.telling import of_choice, of_sight, of_state
from operate.controller.writing import Writer, Written
from operate.guardrails.limits import Limits
from operate.guardrails.moment import Moment
from operate.reading import TargetState
from operate.record import Bend, Record
from operate.sight.estimator import Estimator, Sight
from operate.sight.standstill import Standstill
from operate.sight.watch import Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a controller is made of.

    Attributes:
        name: which controller, in records.
        config: of it.
        eyes: look at source and target.
        chooser: asks policy and fallback.
        writer: writes where it may.
        clocks: tell time.
        keeping: remembers over restarts.
        publish: is given every record; must not raise.
        highest_rate: tasks a second that the policy's history has at most; None: it has none.
        periodic: the policy begins anew at every multiple of the configured period.
        settings: for the record of the start.
    """

    name: str
    config: OperateConfig
    eyes: Eyes
    chooser: Chooser
    writer: Writer
    clocks: Clocks
    keeping: Keeping
    publish: Callable[[Record], None]
    highest_rate: float | None = None
    periodic: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)


class Controller:
    """Decides about the workers of somebody's queue."""

    def __init__(self, parts: Parts) -> None:
        self._parts, config = parts, parts.config
        self._begin_s = self._last_s = parts.clocks.now()
        self._estimator = Estimator(config.tasks.service_time, until_started=config.objective.start_within is not None)
        self._standstill = Standstill(config.interval, config.tasks.variation)
        self._watch = Watch(config)
        self._limits = Limits.of(config.guardrails, config.bounds)
        self._keeping = parts.keeping
        self._judge = Judge(config, parts.keeping, parts.highest_rate)
        self._hands_off_until_s = self._keeping.hands_off_until_s()
        self._requested = 0
        self._acted = False
        self._lap = self._lap_now()

    def start(self) -> None:
        """Record that the controller begins, and with which settings."""
        self._publish(kind="start", tick=0, info=self._parts.settings, remarks=self._keeping.take_remarks())

    def stop(self, why: str) -> None:
        """Record that the controller ends."""
        self._publish(kind="end", tick=0, remarks=(why,))

    def tick(self, number: int, skipped: int, late_s: float) -> Record:
        """Observe, decide, write, record."""
        clocks, config = self._parts.clocks, self._parts.config
        now_s = clocks.now()
        remarks = [each for each in (clocks.jumped(), *self._keeping.take_remarks()) if each]
        leads, trouble = self._parts.writer.lead(), self._parts.writer.trouble
        remarks += [each for each in (self._parts.writer.news, trouble) if each]
        seen = self._parts.eyes.look()
        self._keeping.hours(self._requested, now_s - self._last_s)
        self._last_s = now_s
        told: dict[str, Any] = {"tick": number, "skipped": skipped, "late_s": round(late_s, 3)}
        told |= {"step_s": config.interval, "stale": seen.stale, "age_s": round(seen.age_s, 3)}
        told["failed"] = (*seen.failed, *(["election"] if trouble else []))
        decided = self._decided(seen, leads, now_s, remarks)
        told |= decided | {"failed": (*told["failed"], *decided.get("failed", ()))}
        self._keeping.save(self._judge.watchdog, self._hands_off_until_s)
        rest_ms = 1000 * (clocks.now() - now_s) - told.get("policy_ms", 0.0)
        return self._publish(**told, remarks=tuple(remarks), tick_ms=round(rest_ms, 3))

    # -- inside

    def _decided(self, seen: Seen, leads: bool, now_s: float, remarks: list[str]) -> dict[str, Any]:
        """Return what a record says of what is seen and decided."""
        if seen.state is not None:
            remarks += [f"the workers: {seen.state.trouble}"] if seen.state.trouble else []
            remarks += self._other_hands(seen.state, now_s)
        if seen.reading is None or seen.state is None:
            return self._blind(seen)
        state = seen.state
        self._requested = state.requested
        sight = self._estimator.update(now_s, seen.reading, state.ready)
        remarks += (*sight.remarks, *self._standstill.look(sight, state.ready))
        missed = float(len(sight.done_s) - int(self._watch.met(sight).sum()))
        unfit = self._judge.judge(sight, missed, state.ready, now_s, acted=self._acted)
        last = self._end_lap(sight, state, unfit)
        observation, info = self._watch.show(sight, state)
        choice = self._parts.chooser.choose(observation, info, unfit)
        remarks += (*choice.remarks, *(last.remarks if last else ()))
        if seen.stale:
            choice = replace(choice, wanted=state.requested, by=HOLD, because=f"{seen.stale}: the count is held")
        elif last is not None:
            choice = last
        elif self._parts.periodic and info["step"] == 0:
            because = f"{choice.by} begins anew and has seen no whole tick yet: the count is held"
            choice = replace(choice, wanted=state.requested, by=HOLD, because=because)
        acting = leads and now_s >= self._hands_off_until_s
        wanted, bends, written = self._carried_out(choice, state, sight, acting, now_s)
        remarks += self._limits.take_news()
        self._watch.decided(wanted, written.outcome)
        unwritten = bool(written.said) and written.outcome is None
        remarks += [written.said] if unwritten else []
        return {
            **of_state(state),
            **of_choice(choice, self._parts.chooser.policy.name),
            "acting": acting,
            "failed": (*(["policy"] if choice.remarks else []), *(["scaler"] if unwritten else [])),
            "seen": of_sight(sight, missed),
            "estimated": sight.estimated,
            "info": {column.name: info[column.name] for column in RECORDED},
            "observation": tuple(observation.tolist()),
            "bends": bends,
            "wanted": wanted,
            "written": written.workers,
            "outcome": written.said,
        }

    def _blind(self, seen: Seen) -> dict[str, Any]:
        """Return the same where there is nothing to decide on: the count stays as it is."""
        state = seen.state or TargetState(self._requested, 0, 0)
        self._acted = False
        return {
            **of_state(state),
            "policy": self._parts.chooser.policy.name,
            "decided_by": HOLD,
            "because": f"{seen.stale}: the count is held",
            "wanted": state.requested,
        }

    def _other_hands(self, state: TargetState, now_s: float) -> list[str]:
        """Return what to say of a count that somebody else changed; where we act, nothing is written for a while.

        Who does not lead now may lead in a moment, and keeps to it, too.
        """
        pause_s = self._parts.config.guardrails.hands_off
        if not state.changed_by or self._parts.config.mode != "act" or not pause_s:
            return [state.changed_by] if state.changed_by else []
        self._hands_off_until_s = now_s + pause_s
        return [f"{state.changed_by}: hands off for {pause_s:g} s"]

    def _carried_out(
        self, choice: Choice, state: TargetState, sight: Sight, acting: bool, now_s: float
    ) -> tuple[int, tuple[Bend, ...], Written]:
        """Return what is wanted after all guardrails, what they bent, and what came of it."""
        self._acted = acting
        if choice.by == HOLD:
            return choice.wanted, (), Written()
        day_left_s, hours = self._parts.clocks.day_left_s(), self._keeping.hours_today
        overdue = sight.oldest_s > self._parts.config.objective.within_s
        overdue_work_s = sight.flow.backlog * sight.service_s if overdue else 0.0
        in_flight = None if "in_flight" in sight.estimated else sight.flow.in_flight
        interval_s = self._parts.config.interval
        moment = Moment(now_s, state.requested, day_left_s, hours, interval_s, overdue_work_s, in_flight)
        wanted, bends = self._limits.bend(choice.wanted, moment)
        if not acting or wanted == state.requested:
            return wanted, bends, Written()
        written = self._parts.writer.write(wanted)
        if written.outcome is not None:
            self._limits.written(state.requested, written.outcome.accepted, now_s)
            self._requested = written.outcome.accepted  # paid for from now on
        return wanted, bends, written

    def _lap_now(self) -> int:
        return int(self._parts.clocks.wall() // self._parts.config.period)

    def _end_lap(self, sight: Sight, state: TargetState, unfit: str) -> Choice | None:
        """Let the policy begin anew where what it knows repeats, or where it missed a part: with an episode of its own.

        One that begins in the middle would take all that came before for the arrivals of one step; and one that begins
        has seen no whole step yet. So where a period ends, who has seen it decides once more: this is returned.
        """
        chooser = self._parts.chooser
        new_lap, came_back = self._parts.periodic and self._lap_now() != self._lap, chooser.policy.came_back
        if not new_lap and not came_back:
            return None
        self._lap = self._lap_now()
        last = chooser.choose(*self._watch.show(sight, state), unfit) if self._watch.began and not came_back else None
        self._watch.reset()
        chooser.policy.begin_anew()
        chooser.fallback.begin_anew()
        return last

    def _publish(self, **told: Any) -> Record:
        parts, promise = self._parts, self._judge.promise
        record = Record(
            at=parts.clocks.date(),
            operator=parts.name,
            time_s=round(parts.clocks.now() - self._begin_s, 3),
            term=parts.writer.term,
            mode=parts.config.mode,
            share_met=promise.share_met,
            burn=promise.burn,
            hours_today=round(self._keeping.hours_today, 6),
            **told,
        )
        parts.publish(record)
        return record
