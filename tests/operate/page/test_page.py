"""The page, alive in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from operate.page import PageServer
from operate.record import Bend
from tests.analysis.browser import Browser, browser
from tests.operate.page.records import STEP_S, facts, records
from tests.operate.page.served import served, state
from tests.waiting import until

EVIL = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
TEXT = "return document.getElementById('{}').textContent"
ROWS = "return [...document.querySelectorAll('#decisions tr')].map((row) => row.textContent)"
BURST = list(records(330))


@contextmanager
def seen(page: PageServer) -> Iterator[Browser]:
    """The page in a browser, once it has polled."""
    with page, browser() as view:
        view.visit(page.url)
        shows(view, "return document.documentElement.dataset.tick !== undefined")
        yield view


def shows(view: Browser, script: str, wanted: Any = True) -> None:
    until(lambda: view.run(script) == wanted, lambda: f"{script} is {view.run(script)!r}, not {wanted!r}", every_s=0.1)


@pytest.mark.slow
def test_in_a_real_browser(tmp_path: Path) -> None:
    page = served(BURST, facts(interval_s=1.0))
    with seen(page) as view:
        assert view.run(TEXT.format("word")) == "acting"
        assert "asks the platform" in view.run(TEXT.format("headline"))
        assert view.run(TEXT.format("burning")).startswith("The promise is broken")
        assert_drawn(view)
        rows = view.run(ROWS)
        assert len(rows) == 8
        assert BURST[-1].because[5:] in rows[0]
        assert any("scale in cooldown" in row for row in rows)
        told_under_the_pointer(view)
        later = replace(BURST[-1], tick=330, time_s=330 * STEP_S, at="2026-03-04T09:44:00Z", because="now you see it")
        page.publish(later)
        shows(view, f"{ROWS}[0].includes('Now you see it.')")
        assert len(view.run("return performance.getEntriesByType('navigation')")) == 1  # it was not loaded again
        listed_on_demand(view, state(page)["decisions"])
        asked = view.run("return performance.getEntriesByType('resource').map((each) => each.name)")
        assert set(asked) == {f"{page.url}/state.json"}
        assert view.complaints() == []
        view.screenshot(tmp_path / "page.png")


def assert_drawn(view: Browser) -> None:
    """Every chart has its lines, and words for whoever does not see them."""
    lines = {"backlog": 1, "workers": 5, "arrivals": 1, "forecast": 2, "slo": 2}
    for chart, count in lines.items():
        drawn = view.run(
            f"return [...document.querySelectorAll('#{chart} .plot path.line')].map((path) => path.getTotalLength())"
        )
        assert len(drawn) == count, chart
        assert min(drawn) > 100, chart
    fan = view.run("return [...document.querySelectorAll('#forecast .plot path.fill')].map((path) => path.getBBox())")
    outer, inner = (each["height"] for each in fan)
    assert outer > inner > 5
    words = view.run("return [...document.querySelectorAll('.plot')].map((plot) => plot.getAttribute('aria-label'))")
    assert len(words) == len(lines)
    last = BURST[-1]
    assert f"min to now: in force {last.requested}, between 3 and 24; ready {last.ready}, between" in words[1]


def told_under_the_pointer(view: Browser) -> None:
    """A point of a chart tells its time and its values."""
    view.run("document.querySelector('#arrivals').scrollIntoView({block: 'center'})")
    left, top, width = view.run(
        "const at = document.querySelector('#arrivals .plot').getBoundingClientRect(); return [at.x, at.y, at.width]"
    )
    view.click(left + width / 2, top + 60)
    told = view.run("return ['b', '.when'].map((each) => document.querySelector(`#arrivals ${each}`).textContent)")
    found = re.fullmatch("\N{MINUS SIGN}([0-9.]+) min", told[1])
    assert found
    back = round(float(found[1]) * 60 / STEP_S)
    assert float(told[0]) in {record.seen["arrived"] for record in BURST[-3 - back : 1 - back]}


def listed_on_demand(view: Browser, decisions: list[dict[str, Any]]) -> None:
    view.run("document.getElementById('more').click()")
    assert len(view.run(ROWS)) == len(decisions) > 20
    view.run("document.getElementById('notable').click()")
    changed = [each["because"] for each in decisions if each["notable"]]
    assert 8 < len(changed) < len(decisions)
    assert all(because in row for because, row in zip(changed, view.run(ROWS), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_is_wider_than_the_screen(scheme: str, tmp_path: Path) -> None:
    long = replace(BURST[-1], policy="runs/2026-03-04T09-00-00_a-very-long-name/models/dqn.pt" * 2, because="x" * 200)
    source = "Redis stream " + "invoices:" * 20
    with seen(served([*BURST, long], facts(source=source))) as view:
        view.as_phone(360, 740)
        view.prefer(scheme)
        shows(view, "return document.documentElement.clientWidth", 360)
        shows(view, "return document.querySelector('#workers .plot').getAttribute('viewBox').split(' ')[2] < 340")
        assert view.run("return document.documentElement.scrollWidth") == 360
        wide = (
            "return [...document.querySelectorAll('main *')].filter((each) => each.getBoundingClientRect().right > 361)"
        )
        assert view.run(f"{wide}.map((each) => each.id || each.tagName)") == []
        assert contrast(view, "body") > 10
        for place in (".small", "#word", "#headline", "td", "#burning", "#facts b"):
            assert contrast(view, place) > 4.5, place
        view.screenshot(tmp_path / "phone.png")


def contrast(view: Browser, place: str) -> float:
    """Contrast of a text with what is behind it, by WCAG."""
    behind = "getComputedStyle(document.querySelector('.tile')).backgroundColor"
    script = f"return [getComputedStyle(document.querySelector('{place}')).color, {behind}]"
    colors = [[int(each) / 255 for each in re.findall(r"\d+", color)[:3]] for color in view.run(script)]
    linear = [[c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color] for color in colors]
    dark, light = sorted(0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in linear)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.slow
def test_what_records_say_is_text_and_never_markup() -> None:
    evil = replace(
        BURST[-1],
        policy=EVIL, decided_by=EVIL, because=EVIL, operator=EVIL, stale=EVIL, changed_by=EVIL, outcome=EVIL, written=3,
        requested=2, bends=(Bend(EVIL, 3, 2, EVIL),), remarks=(EVIL,), forecast={EVIL: [1.0], "0.5": [1.0]},
        estimated=(EVIL,),
    )  # fmt: skip
    with seen(served([*BURST, evil], facts(title=EVIL, source=EVIL))) as view:
        assert view.run("return window.hacked") is None
        assert view.run("return document.querySelectorAll('img, main script').length") == 0
        first = view.run(ROWS)[0]
        assert first.count(EVIL) >= 6
        assert view.run("return document.title") == EVIL
        assert EVIL in view.run(TEXT.format("notice"))
        assert view.complaints() == []


@pytest.mark.slow
def test_when_the_controller_is_gone_the_page_says_since_when_it_shows_old_data() -> None:
    page = served(BURST, facts(interval_s=1.0))
    with seen(page) as view:
        page.close()
        shows(view, TEXT.format("word"), "no answer")
        assert re.match(
            r"What is shown is old: the controller has not answered since \d\d:\d\d:\d\d\.",
            view.run(TEXT.format("headline")),
        )
        assert len(view.run(ROWS)) == 8  # what was seen last stays
        assert view.run("return document.getElementById('status').getAttribute('aria-live')") == "polite"


@pytest.mark.slow
def test_before_the_first_tick_and_without_a_forecast_the_page_stands() -> None:
    page = served(of=facts(interval_s=1.0, mode="shadow"))
    with seen(page) as view:
        assert view.run(TEXT.format("headline")) == "No tick was made yet."
        unknown = replace(
            BURST[0],
            seen={},
            forecast=None,
            share_met=None,
            burn=None,
            mode="shadow",
            acting=False,
            written=None,
            proposed=None,
        )
        page.publish(unknown)
        shows(view, TEXT.format("word"), "shadow")
        assert view.run("return document.getElementById('forecast').hidden") is True
        assert view.run(TEXT.format("backlog-now")) == "?tasks"
        assert view.run(TEXT.format("share-now")) == "?"
        assert view.complaints() == []
