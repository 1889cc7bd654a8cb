"""The page's one document: template, styles and scripts in one, and a policy that lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from jinja2 import Environment

from operate.page.facts import Facts, percent

SCRIPTS = ("chart.js", "page.js")


def render(facts: Facts) -> tuple[str, str]:
    """Return the page and its Content-Security-Policy; whatever ``facts`` say is escaped.

    Only the scripts and styles that are in it run, and it fetches from where it came from only.
    """
    style, script = _template("page.css"), "".join(_template(name) for name in SCRIPTS)
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    page = environment.from_string(_template("page.html.j2")).render(
        facts=facts, share=percent(facts.objective.share), style=style, script=script
    )
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return page, policy


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _template(name: str) -> str:
    return (files("operate.page") / "templates" / name).read_text("utf-8")
