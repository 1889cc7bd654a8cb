"""Episodes shown as they are played: in a window where there is a display, else in the terminal."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.viewer import Viewer, Window


class Tk:
    """What a window is told."""

    def __init__(self) -> None:
        self.updates, self.destroyed, self.handlers = 0, 0, dict[str, Any]()

    def title(self, text: str) -> None:
        self.text = text

    def resizable(self, *_: bool) -> None: ...

    def protocol(self, name: str, handler: Any) -> None:
        self.handlers[name] = handler

    def update(self) -> None:
        self.updates += 1
        if self.updates == 3:
            self.handlers["WM_DELETE_WINDOW"]()

    def destroy(self) -> None:
        self.destroyed += 1


class Label:
    image: Any = None
    shown = 0

    def pack(self) -> None: ...

    def configure(self, image: Any) -> None:
        self.shown += image is self.image


@pytest.fixture
def photos(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Pictures as Tk was given them."""
    pytest.importorskip("tkinter")
    from PIL import ImageTk

    taken: list[Any] = []
    monkeypatch.setattr(ImageTk, "PhotoImage", lambda image, master: taken.append(image) or object())
    return taken


def test_without_a_display_a_step_is_a_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    env = OpenFaaSAutoscalingEnv(render_mode="human", backend="simpy")
    assert env.render() is None
    env.reset(seed=1)
    env.step(2)
    assert env.render() is None
    env.close()
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("step    0  t      0.0 s")
    assert second.startswith("step    1  t      8.0 s")


def test_in_a_window_a_step_is_a_picture(photos: list[Any]) -> None:
    root, label = Tk(), Label()
    viewer = Viewer(1e9, lambda: Window(root, label))
    for shade in (0, 255):
        viewer.show("", lambda shade=shade: np.full((4, 6, 3), shade, dtype=np.uint8))  # type: ignore[misc]
    assert [image.getpixel((0, 0))[0] for image in photos] == [0, 255]
    assert (label.shown, root.updates, root.text) == (2, 2, "Task farm")
    viewer.close()
    viewer.close()
    assert root.destroyed == 1


def test_a_window_that_was_closed_stays_closed_and_the_episode_goes_on(photos: list[Any]) -> None:
    root, label = Tk(), Label()
    window = Window(root, label)
    for _ in range(5):
        window.show(np.zeros((4, 6, 3), dtype=np.uint8), 0.0)
    assert (label.shown, root.updates, root.destroyed) == (3, 3, 1)


def test_a_copy_has_a_window_of_its_own(photos: list[Any]) -> None:
    viewer = Viewer(1e9, lambda: Window(Tk(), Label()))
    viewer.show("", lambda: np.zeros((4, 6, 3), dtype=np.uint8))
    assert copy.deepcopy(viewer)._window is None
