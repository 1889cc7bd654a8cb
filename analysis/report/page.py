"""The page itself: tables, figures and data put into the template."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from analysis.frontier import axis_names
from analysis.metrics import METRICS
from analysis.pairs import MIN_EPISODES, compare_pairs, regret
from analysis.palette import HINDSIGHT, MOST_BANDS
from analysis.report import about
from analysis.report.drilldown import drilldown
from analysis.report.figures import price_figure, time_figure
from analysis.report.sources import Scenario, Sources, read_sources
from analysis.tables import Row, pair_rows, regret_rows, summary_rows
from analysis.verdict import in_short
from autoscaling_env.errors import InputError
from autoscaling_env.files import atomic_write

#: Pairs are compared by these, the reader's first three questions.
PAIR_METRICS = ("total_reward", "final_qos_total", "worker_seconds")
#: With more agents than this each is compared with one baseline instead of with every other.
MOST_ALL_PAIRS = 4
BASELINES = ("static-best", "reactiveaverage")


def write_report(folder: Path, rng: np.random.Generator, *, title: str = "Autoscaling policies compared") -> Path:
    """Write ``report.html`` into a run folder and return its path: one file, no network, about 5 MB.

    Args:
        folder: a run with ``aggregated_results.json`` in it, or in a subfolder per scenario;
            ``manifest.json``, ``config.yml`` and ``steps.parquet`` are used where they exist.
        rng: draws the bootstrap resamples.
        title: of the page.

    Raises:
        RunError: the folder has no results, or a file in it cannot be read.
        InputError: plotly or jinja2 is not installed.
    """
    sources = read_sources(folder)
    path = folder / "report.html"
    page = render(sources, rng, title)
    with atomic_write(path) as file:
        file.write(page)
    return path


def render(sources: Sources, rng: np.random.Generator, title: str) -> str:
    """Return the page; everything that comes from files is escaped."""
    plotly, environment, markup = libraries()
    sections = [_section(scenario, rng) for scenario in sources.scenarios]
    episodes, cut = drilldown(sources.scenarios)
    return str(
        environment.from_string(template("report.html.j2")).render(
            title=title,
            lead=about.lead(sources),
            facts=about.facts(sources),
            notes=about.notes(sources),
            overview=about.overview(sources),
            scenarios=sections,
            min_episodes=MIN_EPISODES,
            cut=cut,
            command=about.command(sources),
            versions=about.versions(sources),
            configs=sources.configs,
            figures=_figures(sections),
            episodes=episodes,
            css=markup(template("report.css")),
            script=markup(template("foresight.js") + template("report.js")),
            plotly=markup(plotly),
        )
    )


def libraries() -> tuple[str, Any, Any]:
    """Return plotly's script, the environment of templates and what marks a text as safe.

    Raises:
        InputError: plotly or jinja2 is not installed.
    """
    try:
        from jinja2 import Environment
        from markupsafe import Markup
        from plotly.offline import get_plotlyjs
    except ImportError as error:
        raise InputError(f"the report needs {error.name}: pip install plotly jinja2") from None
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    # Keys stay in their order, and no space goes into a page of numbers.
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}
    return get_plotlyjs(), environment, Markup


def template(name: str) -> str:
    """Return a file of the page's templates."""
    return (files("analysis.report") / "templates" / name).read_text("utf-8")


def _section(scenario: Scenario, rng: np.random.Generator) -> dict[str, Any]:
    """Tables and figures of one scenario."""
    episodes = scenario.results.episodes()
    paired = bool(episodes["episode_seed"].notna().all())
    agents = list(scenario.results.agents)
    priced = axis_names(episodes) is not None
    return {
        "name": scenario.name,
        "in_short": in_short(episodes, rng, scenario.steps),
        "summary": summary_rows(scenario.results),
        "pairs": _pairs(scenario, rng) if paired and len(agents) > 1 else {},
        "regrets": regret_rows(regret(episodes, rng)) if paired and HINDSIGHT in agents and len(agents) > 1 else [],
        "has_price": priced,
        "bands": len(agents) <= MOST_BANDS,
        "time": time_figure(scenario.results),
        "price": price_figure(episodes, rng) if priced else None,
    }


def _pairs(scenario: Scenario, rng: np.random.Generator) -> dict[str, list[Row]]:
    """Return a table per metric, by its caption."""
    episodes, agents = scenario.results.episodes(), list(scenario.results.agents)
    baseline = None
    if len(agents) > MOST_ALL_PAIRS:
        baseline = next((name for name in BASELINES if name in agents), agents[0])
    metrics = [name for name in PAIR_METRICS if name in episodes and episodes[name].notna().all()]
    tables = {}
    for name in metrics:
        rows = pair_rows(compare_pairs(episodes, name, rng, baseline=baseline))
        tables[f"{METRICS[name].title}: {METRICS[name].better} is better."] = [
            {heading: value for heading, value in row.items() if heading != "Metric"} for row in rows
        ]
    return tables


def _figures(sections: list[dict[str, Any]]) -> dict[str, Any]:
    """Figures by the name the page asks for; they leave the sections, which are printed."""
    found = {}
    for index, section in enumerate(sections):
        for name in ("time", "price"):
            figure = section.pop(name)
            if figure is not None:
                found[f"{index}/{name}"] = figure
    return found
