"""What the tests of pictures share."""

from __future__ import annotations

from typing import Any

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Every figure that is saved."""
    saved: list[Figure] = []
    original = FigureCanvasAgg.print_png

    def print_png(self: FigureCanvasAgg, *args: Any, **kwargs: Any) -> None:
        saved.append(self.figure)
        original(self, *args, **kwargs)

    monkeypatch.setattr(FigureCanvasAgg, "print_png", print_png)
    return saved
