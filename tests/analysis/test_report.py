"""report.html: complete, escaped, offline, and alive in a real browser."""

from __future__ import annotations

import itertools
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.aggregate import aggregate
from analysis.report import drilldown, foresight, write_report
from autoscaling_env.config import default_config
from autoscaling_env.config.digest import config_yaml
from autoscaling_env.errors import RunError
from autoscaling_env.run_folder import RunFolder
from autoscaling_env.settings import with_overrides
from tests.analysis.browser import Browser, browser
from tests.analysis.data import decision, decisions, played, rows

EVIL = '<img src=x onerror="window.hacked=1">'
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def run(root: Path, results: dict[str, Any], steps: pd.DataFrame | None = None, under: str = "") -> Path:
    """A run folder as a comparison leaves it."""
    folder = RunFolder(root)
    folder.write_start(default_config(), command=["autoscale", "compare", "--seed", "5; rm"], seed=5, started=NOW)
    folder.write_json(f"{under}aggregated_results.json", results)
    if steps is not None:
        folder.write_frame(f"{under}steps.parquet", steps)
    return root


def compared(root: Path, under: str = "", **meta: Any) -> Path:
    steps, tasks = played()
    return run(root, aggregate(steps, tasks, meta={"workload": "phases", "seed": 5} | meta), steps, under)


def page(folder: Path) -> str:
    return write_report(folder, np.random.default_rng(0)).read_text("utf-8")


def embedded(text: str, name: str) -> Any:
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', text, flags=re.S)
    assert found
    return json.loads(found[1])


def test_the_page_tells_what_was_run_and_how_to_repeat_it(tmp_path: Path) -> None:
    text = page(compared(tmp_path, notes=["thinned to 60 %"], interrupted=True))
    visible = text.split("<script>", maxsplit=1)[0]
    for part in ("2026-01-02T03:04:05Z", "autoscale compare --seed &#39;5; rm&#39;", "thinned to 60 %", "interrupted"):
        assert part in visible
    for part in ("numpy", "base_rate_per_min: 300", "static-8", "static-14", "too few episodes", "Worker-seconds"):
        assert part in visible


def test_the_page_begins_with_who_won_and_why(tmp_path: Path) -> None:
    visible = page(compared(tmp_path, objective="shaped")).split("<script>", maxsplit=1)[0]
    begin = visible[: visible.index("What was run</h2>")]
    assert "static-14 has the highest return: " in begin
    assert "static-8 comes next, " in begin
    assert "mostly through " in begin
    assert "objective: shaped" in begin


def test_every_constant_count_is_drawn_and_an_agent_looks_the_same_in_both_figures(tmp_path: Path) -> None:
    steps, tasks = played()
    steps = steps.assign(agent=steps["agent"].replace("static-14", "mine"))
    figures = embedded(page(run(tmp_path, aggregate(steps, tasks), steps)), "figures")
    points = {trace["name"]: trace for trace in figures["0/price"]["data"] if "markers" in trace["mode"]}
    assert points["constant count"]["text"] == ["8"]
    (line,) = {
        trace["line"]["color"]
        for trace in figures["0/time"]["data"]
        if trace["name"] == "mine"
        if trace["line"].get("color")
    }
    assert points["mine"]["marker"]["color"] == line


def test_the_figures_are_the_records(tmp_path: Path) -> None:
    text = page(compared(tmp_path))
    steps, _ = played()
    queue = [
        trace["y"] for trace in embedded(text, "figures")["0/time"]["data"]
        if trace["name"] == "static-8" and trace["yaxis"] == "y3" and trace.get("hoverinfo") != "skip"
    ]  # fmt: skip
    part = steps[steps["agent"] == "static-8"]
    expected = part.astype({"observed_worker_queue": float}).groupby("step")["observed_worker_queue"].mean()
    np.testing.assert_allclose(queue, [expected.to_numpy()], rtol=1e-5)
    agents = embedded(text, "episodes")["scenarios"][0]["agents"]
    assert [agent["name"] for agent in agents] == ["static-8", "static-14"]
    shown = agents[1]["episodes"][2]
    row = steps[(steps["agent"] == "static-14") & (steps["episode"] == 2)]
    assert shown["label"] == "2 (seed 42)"
    assert shown["steps"]["busy_workers"] == row["busy_workers"].tolist()
    np.testing.assert_allclose(shown["steps"]["reward_qos"], row["reward_qos"], rtol=1e-5)


def test_everything_from_files_is_escaped(tmp_path: Path) -> None:
    steps = pd.concat([rows(EVIL), rows("</script><script>alert(1)</script>")])
    text = page(run(tmp_path, aggregate(steps, meta={"workload": EVIL, "notes": [EVIL]}), steps))
    assert "<img" not in text
    assert "alert(1)</script>" not in text
    assert text.count("<script") == 4


def test_a_password_in_configuration_or_command_is_not_passed_on(tmp_path: Path) -> None:
    folder = compared(tmp_path)
    config = with_overrides(default_config(), {"live.redis_url": "redis://:s3cret@db/0"})
    (folder / "config.yml").write_text(config_yaml(config), "utf-8")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))  # as an older version left it
    manifest["command"] += ["--set", "live.redis_url=redis://:s3cret@db/0"]
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    text = page(folder)
    assert "s3cret" not in text
    assert "redis://:***@db/0" in text


def test_nothing_points_outside(tmp_path: Path) -> None:
    text = page(compared(tmp_path))
    ours = re.sub(r"<script>.*?</script>", "", text, count=1, flags=re.S)  # plotly's own source has addresses in it
    assert "default-src 'none'" in ours
    assert not re.search(r"""(src|href)=["'](?!#|data:)""", ours)
    shown = re.sub(r"<pre>.*?</pre>", "", ours, flags=re.S)  # the configuration may name the user's own servers
    assert not re.search(r"https?://|@import|url\(", shown)


def test_the_same_run_gives_the_same_page(tmp_path: Path) -> None:
    assert page(compared(tmp_path)) == page(tmp_path)


def test_a_folder_of_scenarios(tmp_path: Path) -> None:
    for name in ("reference", "flash_crowd"):
        compared(tmp_path, under=f"{name}/", workload=name)
    text = page(tmp_path)
    assert "All scenarios" in text
    assert [scenario["name"] for scenario in embedded(text, "episodes")["scenarios"]] == ["flash_crowd", "reference"]
    assert set(embedded(text, "figures")) == {"0/time", "0/price", "1/time", "1/price"}


def test_results_published_by_others_make_a_page(tmp_path: Path) -> None:
    record = {"rewards": [1.0, 2.0], "qos_rates": [1.0, 0.5]}
    (tmp_path / "aggregated_results.json").write_text(json.dumps({"agents": {"A": {"records": [record]}}}))
    text = page(tmp_path)
    assert "No pair-by-pair statistics" in text
    assert "command was not recorded" in text
    assert embedded(text, "episodes")["scenarios"][0]["agents"][0]["episodes"][0]["steps"]["qos_percent"] == [100, 50]


def test_a_large_run_shows_the_first_episodes_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drilldown, "MOST_NUMBERS", 1500)
    text = page(compared(tmp_path))
    assert "of each agent&#39;s episodes (at least one) are here; steps.parquet has all of them." in text
    assert [len(agent["episodes"]) for agent in embedded(text, "episodes")["scenarios"][0]["agents"]] == [2, 2]


def explained(root: Path, agent: str = "static-8") -> Path:
    """A run whose agent says why."""
    compared(root)
    (root / "decisions.jsonl").write_text(decisions(played()[0], agent), "utf-8")
    return root


def test_what_was_foreseen_stands_beside_what_came(tmp_path: Path) -> None:
    silent = embedded(page(compared(tmp_path)), "episodes")["scenarios"][0]["agents"]
    agents = embedded(page(explained(tmp_path)), "episodes")["scenarios"][0]["agents"]
    assert agents[1] == silent[1]
    steps, tasks = played()
    for number, episode in enumerate(agents[0]["episodes"]):
        found = episode["foresight"]
        end_s = steps[(steps["agent"] == "static-8") & (steps["episode"] == number)]["time_s"].to_numpy()
        arrival_s = tasks[(tasks["agent"] == "static-8") & (tasks["episode"] == number)]["arrival_s"]
        assert found["came"] == np.histogram(arrival_s, [0, *end_s])[0].tolist()
        assert [each["step"] for each in found["told"]] == episode["steps"]["step"]
        assert episode["steps"]["because"][0] == "why 1; <b>bold</b>"


def test_a_page_of_many_decisions_has_the_first_episodes_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foresight, "MOST_TOLD", 20)
    agents = embedded(page(explained(tmp_path)), "episodes")["scenarios"][0]["agents"]
    found = [episode["foresight"] for episode in agents[0]["episodes"]]
    assert [len(each["told"]) for each in found] == [12, 0, 0]
    assert {each["decisions"] for each in found} == {12}
    assert all(each["ahead"]["8"]["bands"][0][-1] == 17.2 for each in found)


def test_what_is_missing_or_damaged_is_explained(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"no aggregated_results\.json in it or in its subfolders"):
        page(tmp_path)
    compared(tmp_path)
    (tmp_path / "decisions.jsonl").write_text(f"{decision(1)}\n{{", "utf-8")
    with pytest.raises(RunError, match=r"decisions\.jsonl: cannot be read: line 2: "):
        page(tmp_path)
    (tmp_path / "steps.parquet").write_bytes(b"PAR1 damaged")
    with pytest.raises(RunError, match=r"steps\.parquet: cannot be read: "):
        page(tmp_path)
    (tmp_path / "steps.parquet").unlink()
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(RunError, match=r"manifest\.json: cannot be read: "):
        page(tmp_path)


def choose(view: Browser, select: str, index: int) -> None:
    view.run(
        f"const box = document.getElementById('{select}'); box.value = {index}; box.dispatchEvent(new Event('change'));"
    )


@pytest.mark.slow
def test_in_a_real_browser(tmp_path: Path) -> None:
    steps, tasks = played()
    named = steps.replace({"agent": {"static-8": EVIL}})
    for name in ("reference", "flash_crowd"):
        run(tmp_path, aggregate(named, tasks, meta={"workload": name, "notes": [EVIL]}), named, under=f"{name}/")
    path = write_report(tmp_path, np.random.default_rng(0))
    with browser() as view:
        view.open(path)
        assert view.run("return document.documentElement.dataset.ready") == "yes"
        _plots_are_drawn(view)
        _an_episode_can_be_looked_at(view, named)
        _zoom_and_hover_work(view)
        choose(view, "scenario", 1)
        assert view.run("return document.querySelectorAll('[data-scenario=\"1\"] .main-svg').length") >= 2
        assert view.run("return window.hacked") is None
        assert view.run("return performance.getEntriesByType('resource').length") == 0
        assert view.complaints() == []
        view.as_phone(390, 844)
        view.open(path)
        _panels_stand_below_each_other(view)
        assert view.complaints() == []


def _panels_stand_below_each_other(view: Browser) -> None:
    layout = "document.querySelector('[data-figure=\"0/time\"]')._fullLayout"
    numbers = "['', 2, 3, 4, 5]"
    assert view.run(f"return {numbers}.map(n => {layout}[`xaxis${{n}}`].domain)") == [[0, 1]] * 5
    domains = view.run(f"return {numbers}.map(n => {layout}[`yaxis${{n}}`].domain)")
    assert all(lower[1] <= upper[0] for upper, lower in itertools.pairwise(domains))
    assert view.run("return document.documentElement.scrollWidth") == 390


def _plots_are_drawn(view: Browser) -> None:
    found = "document.querySelectorAll('[data-figure=\"0/time\"] .js-line')"
    paths = view.run(f"return [...{found}].map(line => line.getAttribute('d'))")
    lines = [each for each in paths if each]
    assert len(lines) >= 10  # two agents in five panels
    assert all(each.startswith("M") and "NaN" not in each for each in lines)
    titles = view.run("return [...document.querySelectorAll('.modebar-btn')].map(e => e.getAttribute('data-title'))")
    assert "Zoom" in titles
    assert not [title for title in titles if "share" in title.lower() or "cloud" in title.lower()]


def _an_episode_can_be_looked_at(view: Browser, steps: pd.DataFrame) -> None:
    options = "return [...document.getElementById('agent').options].map(option => option.text)"
    assert view.run(options) == [EVIL, "static-14"]
    choose(view, "agent", 1)
    choose(view, "episode", 2)
    lines = "document.querySelectorAll('#drill-table tr')"
    table = view.run(f"return [...{lines}].map(row => [...row.cells].map(cell => cell.textContent))")
    part = steps[(steps["agent"] == "static-14") & (steps["episode"] == 2)]
    rewards = [float(row[table[0].index("Reward")]) for row in table[1:]]
    np.testing.assert_allclose(rewards, part["reward"], atol=0.0051)
    waiting = "document.getElementById('drill-plot').data.find(trace => trace.name === 'waiting tasks')"
    drawn = view.run(f"return {waiting}.y")
    assert drawn == part["observed_worker_queue"].tolist()


def _zoom_and_hover_work(view: Browser) -> None:
    spot = "document.querySelector('[data-figure=\"0/time\"]')"
    view.run(f"return Plotly.relayout({spot}, {{'xaxis.range': [20, 60]}}).then(() => 1)")
    assert view.run(f"return {spot}._fullLayout.xaxis5.range") == [20, 60]  # one zoom moves all panels
    view.run(f"Plotly.Fx.hover({spot}, [{{curveNumber: 0, pointNumber: 3}}], ['xy'])")
    assert "offered load" in view.run(f"return {spot}.querySelector('.hoverlayer').textContent")


@pytest.mark.slow
def test_foresight_in_a_real_browser(tmp_path: Path) -> None:
    path = write_report(explained(tmp_path), np.random.default_rng(0))
    with browser() as view:
        view.open(path)
        _the_whole_episode_is_foreseen_one_step_ahead(view)
        _a_click_tells_a_decision(view)
        _keys_go_on_to_the_next(view)
        choose(view, "agent", 1)  # explains nothing: looks as it always did
        assert (
            view.run("return ['foresight', 'decision-row'].map(id => document.getElementById(id).hidden)") == [True] * 2
        )
        assert _drawn(view, "came") is None
        assert view.run(f"return {PLOT}._fullLayout.yaxis5 === undefined && {PLOT}.offsetHeight") == 860
        assert view.complaints() == []
        view.as_phone(390, 844)
        view.open(path)
        for place in (0, 5):
            _move_to(view, place)
            assert view.run("return document.documentElement.scrollWidth") == 390
        assert view.complaints() == []


PLOT = "document.getElementById('drill-plot')"


def _drawn(view: Browser, name: str) -> Any:
    return view.run(
        f"const found = {PLOT}.data.find(each => each.name === '{name}'); return found ? [found.x, found.y] : null"
    )


def _move_to(view: Browser, place: int) -> None:
    view.run(
        f"const box = document.getElementById('decision'); box.value = {place}; box.dispatchEvent(new Event('input'));"
        "return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


def _text(view: Browser, name: str) -> str:
    return str(view.run(f"return document.getElementById('{name}').innerText"))


def _the_whole_episode_is_foreseen_one_step_ahead(view: Browser) -> None:
    steps, _ = played()
    part = steps[(steps["agent"] == "static-8") & (steps["episode"] == 0)]
    x, y = _drawn(view, "came")
    assert x == [0, *part["time_s"]]
    assert y[1:] == np.diff(part["enqueued_total"], prepend=0).tolist()
    assert _drawn(view, "foreseen (median)") == [x, [12.2] * 13]
    assert view.run("return document.getElementById('plans').hidden") is True
    assert "1 step ahead" in _text(view, "ahead")
    view.run("document.querySelectorAll('#ahead input')[1].click()")
    view.run("return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert _drawn(view, "foreseen (median)")[1] == [None] * 4 + [15.2] * 9


def _a_click_tells_a_decision(view: Browser) -> None:
    view.run(f"{PLOT}.scrollIntoView()")
    places = (
        f"const plot = {PLOT}, box = plot.getBoundingClientRect(), {{ xaxis, yaxis }} = plot._fullLayout;"
        "const left = (x) => box.left + xaxis._offset + xaxis.d2p(x);"
        "return [left(plot.data.at(-1).x[3] + 1), box.top + yaxis._offset + yaxis._length / 2]"
    )
    view.click(*view.run(places))
    assert _text(view, "decision-name").startswith("step 4, at ")
    assert _text(view, "because") == "Why 4; <b>bold</b>."
    cells = "return [...document.querySelectorAll('#plans tbody tr')].map(row => row.innerText.split(/\\s*\\t\\s*/))"
    assert [row[1:] for row in view.run(cells)] == [
        ["8, 9\xa0in\xa08\xa0s", "86.43", "0.1", "1,336"],
        ["9", "86.43", "0.1", "1,336"],
        ["10, 9\xa0in\xa08\xa0s", "86.43", "0.1", "1,336"],
    ]
    came = _drawn(view, "came")[0]
    assert _drawn(view, "foreseen (median)") == [came[3:], [12.2, *[12.2 + later for later in range(9)]]]
    assert _drawn(view, "plan: chosen") == [came[3:], [8, 8, *[9] * 8]]
    assert view.run("return document.querySelector('#drill-table tr.chosen').rowIndex") == 4


def _keys_go_on_to_the_next(view: Browser) -> None:
    view.run("document.getElementById('decision').focus()")
    view.press("\ue014")  # arrow right
    assert _text(view, "decision-name").startswith("step 5, at ")
    view.run("document.querySelectorAll('#drill-table tbody tr')[1].click()")
    assert _text(view, "decision-name").startswith("step 2, at ")
    view.run("document.getElementById('whole').click()")
    assert _text(view, "decision-name") == "whole episode"
    assert _drawn(view, "plan: chosen") is None
