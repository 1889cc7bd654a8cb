"""What is asked of API servers, noted while a test runs."""

from __future__ import annotations

from typing import Any

import pytest

from live.platforms.kubernetes.client import Api


class Requests:
    """Notes each request that any ``Api`` sends: itself, method, path, body."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[tuple[Api, str, str, Any]] = []
        raw = Api._raw

        def noted(api: Api, method: str, path: str, timeout: Any, body: Any, content: str, query: Any) -> Any:
            self.sent.append((api, method, path, body))
            return raw(api, method, path, timeout, body, content, query)

        monkeypatch.setattr(Api, "_raw", noted)

    def writes(self, by: Api) -> list[str]:
        return [f"{method} {path}" for api, method, path, _ in self.sent if api is by and method != "GET"]
