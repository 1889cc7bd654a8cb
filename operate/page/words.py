"""What the numbers of a tick mean, a sentence each; page and health say the same."""

from __future__ import annotations

from operate.page.facts import Facts, percent, span
from operate.record import Record


def doing(record: Record | None) -> tuple[str, str]:
    """Return whether the controller acts in one word, and in a sentence why or why not."""
    if record is None:
        return "starting", "No tick was made yet."
    if record.kind == "end":
        return "ended", "The controller has ended; workers stay as they are."
    if record.mode == "shadow":
        return "shadow", "It only watches: it says what it would do and writes nothing."
    if record.term is None:
        return "following", "It does not act: it does not lead, another controller may."
    if record.stale:
        return "holding", "It holds the count: what it sees is not to be relied on."
    if not record.acting:
        return "paused", sentence(f"It does not act now: {record.because or 'the record does not say why'}")
    return "acting", "It acts: it asks the platform for the workers that it wants."


def burning(burn: float | None, facts: Facts) -> str:
    """Return what the burn of the SLO's budget means; 1 is exactly what was promised."""
    promised, window = percent(1 - facts.objective.share), span(facts.objective.window)
    if burn is None:
        return f"Nobody can tell yet: no task was completed in {window} whose time is known."
    if burn <= 0:
        return f"No task was late in {window}."
    if burn <= 1:
        return f"{100 * burn:.0f} % of the late tasks that the promise allows ({promised} in {window}) are used up."
    return f"The promise is broken: {burn:.1f} times as many tasks were late in {window} as it allows ({promised})."


def sentence(text: str) -> str:
    """Return it with a capital first and a full stop last."""
    text = text.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?" else ".")
