"""The management of a RabbitMQ by HTTP: questions only, refusals in our words."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from autoscaling_env.errors import BackendError
from operate.sources.rabbitmq.settings import RabbitServer
from operate.sources.web import WebServer

#: What the account needs, and nothing else.
NEEDS = "the account needs the tag `monitoring` (rabbitmqctl set_user_tags NAME monitoring)"


class NotThereError(BackendError):
    """The server answers, and has no such thing."""


class NoManagementError(BackendError):
    """What answers is no management of a RabbitMQ."""


class RefusedError(BackendError):
    """The account may not ask."""


class Management:
    """Asks one server. Every method raises ``BackendError`` with one line."""

    def __init__(self, server: RabbitServer) -> None:
        userinfo = ":".join(server.account())
        self._server = WebServer("RabbitMQ", server.url, ca_file=server.ca_file, userinfo=userinfo)
        self.where = self._server.where

    def get(self, path: str, within_s: float, **fields: str) -> Any:
        """Return what stands in an answer.

        Args:
            path: behind ``/api/``.
            within_s: seconds that each attempt may take.
            fields: of the question.

        Raises:
            NotThereError: there is no such thing.
            NoManagementError: another kind of server answers.
            RefusedError: the account may not ask.
            BackendError: no answer came.
        """
        told = self._server.get(f"/api/{path}", within_s, fields)
        try:
            answer = json.loads(told.body)
        except ValueError:
            answer = None
        if told.status == 200 and answer is not None:
            return answer
        said = answer if isinstance(answer, dict) else {}
        reason = " ".join(str(said.get("reason", "")).split())[:200]
        if told.status == 404 and said.get("error") == "Object Not Found":
            raise NotThereError(f"{self.where}: there is nothing at {path}")
        if told.status in {401, 403} and ("RabbitMQ" in told.realm or reason):
            raise RefusedError(f"{self.where}: {_refusal(reason)}")
        if reason or told.status in {500, 503}:
            raise BackendError(f"{self.where}: status {told.status}: {reason or 'it is starting or overloaded'}")
        raise NoManagementError(
            f"{self.where}: status {told.status} and no answer of RabbitMQ's management: is source.url right, its path"
            " included, and is the plugin enabled (rabbitmq-plugins enable rabbitmq_management)?"
        )

    def queue(self, vhost: str, name: str, within_s: float, **fields: str) -> dict[str, Any]:
        """Return what it tells of a queue.

        Raises:
            NotThereError: there is no such queue.
        """
        try:
            told = self.get(f"queues/{escaped(vhost)}/{escaped(name)}", within_s, **fields)
        except NotThereError:
            raise NotThereError(
                f"{self.where}: there is no queue {name!r} in virtual host {vhost!r}: it was not declared yet, or"
                " source.queue or source.vhost is another"
            ) from None
        return told if isinstance(told, dict) else {}

    def hang_up(self) -> None:
        """Use other connections from now on."""
        self._server.hang_up()

    def close(self) -> None:
        """Close the connections."""
        self._server.close()


def escaped(name: str) -> str:
    """Return a name as a part of a path."""
    return quote(name, safe="")


def _refusal(reason: str) -> str:
    if "Not management user" in reason or "Not monitor" in reason:
        return f"it refuses: {reason}: {NEEDS}"
    if reason in {"Login failed", ""}:
        return "it refuses user or password: correct source.url or source.password_file"
    return f"it refuses: {reason}"
