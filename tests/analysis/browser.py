"""A real headless browser, driven through chromedriver's plain HTTP protocol (W3C WebDriver)."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import PATIENCE_S

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--window-size=1280,1000",
)  # fmt: skip


class Browser:
    """One page at a time."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._session = ""

    def start(self, profile: Path) -> None:
        options = {
            "binary": shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome"),
            "args": [*FLAGS, f"--user-data-dir={profile}"],
        }
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        self._session = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def open(self, path: Path) -> None:
        self.visit(path.as_uri())

    def visit(self, url: str) -> None:
        self._command("url", {"url": url})

    def run(self, script: str) -> Any:
        """Run JavaScript that returns something JSON-like."""
        return self._command("execute/sync", {"script": script, "args": []})

    def complaints(self) -> list[str]:
        """Errors and warnings of the console since the last call; violations of the page's policy are among them."""
        logs = self._command("se/log", {"type": "browser"})
        return [entry["message"] for entry in logs if entry["level"] in {"SEVERE", "WARNING"}]

    def click(self, x: float, y: float) -> None:
        """Click with a real pointer, in pixels from the window's upper left corner."""
        move = {"type": "pointerMove", "x": round(x), "y": round(y), "duration": 50}
        presses = [{"type": kind, "button": 0} for kind in ("pointerDown", "pointerUp")]
        pause = {"type": "pause", "duration": 200}  # what is under the pointer is found after it has come to rest
        self._act({"type": "pointer", "id": "mouse", "actions": [move, pause, *presses]})

    def press(self, key: str) -> None:
        """Press a key where the focus is, by its WebDriver code."""
        self._act(
            {"type": "key", "id": "keys", "actions": [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]}
        )

    def _act(self, source: dict[str, Any]) -> None:
        self._command("actions", {"actions": [source]})

    def screenshot(self, path: Path) -> None:
        image = self._call("GET", f"/session/{self._session}/screenshot")
        path.write_bytes(base64.b64decode(image))

    def resize(self, width: int, height: int) -> None:
        self._command("window/rect", {"width": width, "height": height})

    def as_phone(self, width: int, height: int) -> None:
        """Show pages as a phone of this size does; a window cannot be made that narrow."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": True}
        self._command("goog/cdp/execute", {"cmd": "Emulation.setDeviceMetricsOverride", "params": metrics})

    def prefer(self, scheme: str) -> None:
        """Show pages as somebody does who prefers them ``light`` or ``dark``."""
        wanted = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        self._command("goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": wanted})

    def quit(self) -> None:
        if self._session:
            self._call("DELETE", f"/session/{self._session}")

    def _command(self, name: str, body: dict[str, Any]) -> Any:
        return self._call("POST", f"/session/{self._session}/{name}", body)

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - our own driver on this machine
            self._address + path, data, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=PATIENCE_S) as answer:
            return json.load(answer)["value"]


@contextmanager
def browser() -> Iterator[Browser]:
    """Give a browser; without one the test is skipped at home and fails in CI."""
    driver = shutil.which("chromedriver")
    if driver is None:
        message = "no chromium with chromedriver (Debian: apt-get install chromium chromium-driver)"
        raise pytest.fail.Exception(message) if os.environ.get("CI") == "true" else pytest.skip.Exception(message)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([driver, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        found = Browser(f"http://127.0.0.1:{port}")
        try:
            _wait(port)
            found.start(Path(profile))
            yield found
            found.quit()
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def _wait(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("chromedriver does not answer")
