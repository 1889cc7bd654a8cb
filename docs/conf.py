"""The site: these pages, and a reference made of the docstrings. ``make docs`` builds it; a warning is an error."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from autoscaling_env import __version__

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "Autoscaling, compared fairly"
version = release = __version__
extensions = [
    "gallery",
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
templates_path = ["_templates"]
html_theme = "furo"
html_title = project
html_show_copyright = False
html_show_sourcelink = False
toc_object_entries = False  # thousands of names in the tree that every page carries: a third of the build
smartquotes = False  # two hyphens are an option's, not a dash

# Headings are link targets, as on a plain view of the repository.
myst_heading_anchors = 3

autosummary_generate = True
autodoc_default_options = {
    "members": True,
    "show-inheritance": True,
    "ignore-module-all": True,  # each name once, where it is written
    "exclude-members": "model_config",
}
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
add_module_names = False
napoleon_numpy_docstring = False
napoleon_use_ivar = True


def setup(app: Sphinx) -> None:
    """Keep what is written below an attribute as it is: napoleon takes its words before a colon for a type."""
    written: list[str] = []

    def keep(app: Sphinx, what: str, name: str, found: Any, options: Any, lines: list[str]) -> None:
        written[:] = lines

    def put_back(app: Sphinx, what: str, name: str, found: Any, options: Any, lines: list[str]) -> None:
        if what in {"attribute", "data"}:
            lines[:] = written

    app.connect("autodoc-process-docstring", keep, priority=400)
    app.connect("autodoc-process-docstring", put_back, priority=600)
