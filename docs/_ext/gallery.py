"""The directive ``gallery``: every program of a folder, under the first line of its docstring, with its text."""

from __future__ import annotations

import ast
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata


class Gallery(SphinxDirective):
    """``.. gallery:: FOLDER``, relative to the page: each ``*.py`` in it becomes a section."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return one section for each program, in the order of their names."""
        folder = (Path(self.get_source_info()[0]).parent / self.arguments[0]).resolve()
        programs = sorted(folder.glob("*.py"))
        if not programs:
            raise self.error(f"gallery: no programs in {folder}")
        lines = [line for program in programs for line in self._section(program)]
        return self.parse_text_to_nodes(StringList(lines, source=str(folder)), allow_section_headings=True)

    def _section(self, program: Path) -> list[str]:
        self.env.note_dependency(str(program))
        said = ast.get_docstring(ast.parse(program.read_text("utf-8"))) or program.stem
        title, _, rest = said.partition("\n")
        shown = [f".. literalinclude:: {self.arguments[0]}/{program.name}", f"   :caption: examples/{program.name}", ""]
        return [program.name, "-" * len(program.name), "", title, *rest.splitlines(), "", *shown]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directive."""
    app.add_directive("gallery", Gallery)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
