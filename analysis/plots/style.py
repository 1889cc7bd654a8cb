"""How every picture looks: figure, palette, axes; no global matplotlib state is touched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from analysis.palette import GRID, INK, MUTED, Look
from autoscaling_env.files import atomic_write

DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)))
OVERLAID: Any = (0, (4, 4))
#: Shapes of points, one for each ``Look.shape``.
MARKERS = "osD^vPX"
#: Inches kept free around a picture and between panels, so that nothing touches the edge.
PAD = 0.09
#: Keeps text readable where it lies on bars or lines.
PLATE: Any = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1.5}
#: Letters of an agent's name in a legend.
LONGEST_NAME = 30
#: Pixels per inch: a 10-inch picture is 1500 pixels wide, twice a README's column.
DPI = 150

_STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 10.5,
    "axes.titlesize": 11.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelcolor": INK,
    "axes.edgecolor": "#9a9a9a",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.formatter.useoffset": False,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "text.color": INK,
    "text.parse_math": False,  # a $ in an agent's name is a $
    "xtick.color": "#4a4a4a",
    "ytick.color": "#4a4a4a",
    "legend.frameon": False,
    "lines.linewidth": 1.9,
    "lines.solid_capstyle": "round",
}


def line(look: Look, *, overlaid: bool = False) -> dict[str, Any]:
    """Keywords of a line in an agent's colour; one that lies exactly on another has gaps that show both."""
    return {"color": look.color, "linestyle": OVERLAID if overlaid else DASHES[look.round]}


@contextmanager
def picture(path: Path, width: float = 10.0, height: float = 5.0) -> Iterator[Figure]:
    """Give a figure of ``width`` x ``height`` inches to draw on; it is written to ``path`` as PNG at the end."""
    layout = ConstrainedLayoutEngine(w_pad=PAD, h_pad=PAD)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), dpi=DPI, layout=layout, facecolor="white")
        canvas = FigureCanvasAgg(figure)
        yield figure
        with atomic_write(path, "wb") as file:
            canvas.print_png(file, metadata={"Software": None})  # type: ignore[no-untyped-call]  # savefig lays out twice


def label(axes: Axes, title: str, x: str, y: str) -> None:
    """Name an axes and its two scales."""
    axes.set_title(title, pad=8)
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def headline(figure: Figure, title: str, note: str = "", legend: Axes | None = None) -> None:
    """Write the picture's title, under it the legend of ``legend``'s entries, and at the foot how to read it."""
    handles, names = legend.get_legend_handles_labels() if legend else ([], [])
    names = [name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…" for name in names]
    columns = _columns(names, figure.get_figwidth())
    rows = -(-len(names) // columns)
    columns = -(-len(names) // rows) if rows else 1  # rows about equally long
    more = 0.27 * max(0, rows - 1) + 0.17 * note.count("\n")  # inches; panels keep their size
    figure.set_figheight(figure.get_figheight() + more)
    figure.suptitle(title + "\n" * rows, x=0.008, ha="left", fontsize=14, fontweight="bold", linespacing=1.5)
    if names:
        top = 1 - 0.29 / figure.get_figheight()
        below = figure.legend(
            handles, names, loc="upper left", bbox_to_anchor=(0.0, top), ncols=columns, handlelength=2.4
        )
        below.set_in_layout(False)
    if note:
        figure.supxlabel(note, x=0.01, ha="left", fontsize=9, color=MUTED)


def _columns(names: list[str], width: float) -> int:
    """As many legend entries in a row as fit: a handle takes 0.7 inches, a letter 0.085."""
    if sum(0.7 + 0.085 * len(name) for name in names) < width:
        return max(1, len(names))
    return max(1, int(width / (0.7 + 0.085 * max(map(len, names)))))


def wide_range(axes: Axes, lowest: float, highest: float) -> None:
    """Scale logarithmically in both directions where a few very low values would flatten all others, and say so."""
    if lowest < -8 * max(abs(highest), 10.0):
        linear = 10.0 ** int(np.log10(max(abs(highest), 10.0)))
        axes.set_yscale("symlog", linthresh=linear, linscale=1.2)
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.set_ylabel(f"{axes.get_ylabel()}\nlogarithmic beyond ±{linear:,.0f}")
