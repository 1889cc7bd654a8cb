"""Shows an episode as it is played (render mode ``human``): in a window, without a display in the terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

#: uint8[height, width, 3].
Picture: TypeAlias = NDArray[np.uint8]
TITLE = "Task farm"
#: While a picture stands, the window is looked after so often (seconds).
LOOK_S = 0.02


class Window:
    """A window with one picture in it, in Tk: Python's own, where a GUI toolkit more would be one more to install.

    Once its user closes it, it stays closed.
    """

    def __init__(self, root: Any, label: Any) -> None:
        self._root: Any = root
        self._label = label
        root.title(TITLE)
        root.resizable(False, False)
        label.pack()
        root.protocol("WM_DELETE_WINDOW", self.close)

    @classmethod
    def opened(cls) -> Window | None:
        """Return a window; None where there is no display, or Python was built without Tk."""
        try:
            import tkinter as tk  # many systems package it apart
        except ImportError:
            return None
        try:
            root = tk.Tk()
        except tk.TclError:
            return None
        return cls(root, tk.Label(root))

    def show(self, picture: Picture, seconds: float) -> None:
        """Show a picture, and keep it for so long."""
        if self._root is None:
            return
        from PIL.ImageTk import PhotoImage  # needs Tk

        self._label.image = PhotoImage(Image.fromarray(picture), master=self._root)  # Tk itself keeps none alive
        self._label.configure(image=self._label.image)
        until = time.monotonic() + seconds
        self._root.update()
        while self._root is not None and (left_s := until - time.monotonic()) > 0:
            time.sleep(min(left_s, LOOK_S))
            self._root.update()

    def close(self) -> None:
        """Close it; may be called twice."""
        root, self._root = self._root, None
        if root is not None:
            root.destroy()


class Viewer:
    """Shows steps, so many a second; a copy has a window of its own.

    Args:
        per_s: steps a second, where the farm does not take longer.
        open_window: opens a window; returns None where there can be none.
    """

    def __init__(self, per_s: float, open_window: Callable[[], Window | None] = Window.opened) -> None:
        self._per_s, self._open = per_s, open_window
        self._window: Window | None = None
        self._looked = False

    def __reduce__(self) -> tuple[Any, ...]:
        return Viewer, (self._per_s, self._open)

    def show(self, line: str, picture: Callable[[], Picture]) -> None:
        """Show a step: as a picture in the window, or as a line in the terminal."""
        if not self._looked:
            self._window, self._looked = self._open(), True
        if self._window is not None:
            self._window.show(picture(), 1 / self._per_s)
        else:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()

    def close(self) -> None:
        """Close the window; what is shown afterwards opens a new one."""
        if self._window is not None:
            self._window.close()
        self._window, self._looked = None, False
