"""Being told to leave, once and twice, in every state a function can be in."""

from __future__ import annotations

import signal

import pytest

from live.functions.signals import Abandoned, Signals, Stopped


def end_while_told_twice(signals: Signals, number: int) -> None:
    """The second signal comes while the first is still being obeyed."""
    try:
        told(signals, number)
    finally:
        told(signals, number)


def told(signals: Signals, number: int = signal.SIGTERM) -> None:
    """Call what the interpreter calls when the signal comes."""
    (signals._on_stop if number == signal.SIGTERM else signals._on_abandon)(number, None)


def test_between_the_states_it_is_only_noted() -> None:
    signals = Signals()
    told(signals)
    told(signals)
    told(signals, signal.SIGALRM)
    assert signals.stopping


def test_waiting_ends_at_once_and_cleaning_up_is_not_interrupted() -> None:
    signals = Signals()
    with pytest.raises(Stopped), signals.waiting():
        end_while_told_twice(signals, signal.SIGTERM)
    told(signals)
    assert signals.stopping


def test_who_was_told_before_does_not_begin_to_wait() -> None:
    signals = Signals()
    told(signals)
    with pytest.raises(Stopped), signals.waiting():
        pytest.fail("it waits")
    with pytest.raises(Stopped):
        signals.sleep(3600.0)


def test_work_ends_when_told_twice() -> None:
    signals = Signals()
    told(signals)
    with pytest.raises(Abandoned, match="told twice"), signals.working():
        told(signals)
    told(signals)


def test_work_goes_on_when_told_once() -> None:
    signals = Signals()
    with signals.working():
        told(signals)
    assert signals.stopping


@pytest.mark.parametrize(("number", "why"), [(signal.SIGALRM, "time to leave is up"), (signal.SIGUSR1, "over")])
def test_work_ends_once_when_it_counts_no_longer(number: int, why: str) -> None:
    signals = Signals()
    with pytest.raises(Abandoned, match=why), signals.working():
        end_while_told_twice(signals, number)
    told(signals, number)


def test_no_handler_can_swallow_it() -> None:
    assert not issubclass(Abandoned, Exception)
