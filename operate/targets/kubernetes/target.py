"""Looks at the workers behind a scale subresource; whoever may act gets what changes their number."""

from __future__ import annotations

import logging
import threading

from autoscaling_env.errors import AutoscalingError, BackendError
from live.platforms.kubernetes.client import Api
from operate.reading import TargetState
from operate.targets.kubernetes.pods import Mark
from operate.targets.kubernetes.scaled import Scaled, discover
from operate.targets.kubernetes.scaler import KubernetesScaler
from operate.targets.kubernetes.settings import KubernetesTargetConfig
from operate.targets.kubernetes.view import ScaledView

logger = logging.getLogger(__name__)

#: The first look waits so long for the API server; every other one returns at once.
FIRST_LOOK_S = 5.0
PAUSE_S = 1.0


class KubernetesTarget:
    """One object with a scale subresource.

    The cluster does not need to be there yet: a thread keeps asking until it is, then watches.

    Args:
        config: which object.

    Raises:
        InputError: the kubeconfig cannot be used.
    """

    def __init__(self, config: KubernetesTargetConfig) -> None:
        self._config = config
        self._api = Api(config.cluster())
        self._seen: tuple[Scaled, ScaledView] | None = None
        self._why = ""
        self._stop, self._asked = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._begin, daemon=True, name=f"look at {config.resource}")
        self._thread.start()

    @property
    def described(self) -> str:
        """What is scaled and where."""
        return self._config.shown

    @property
    def api(self) -> Api:
        """The API server that is asked; its ``calls`` count."""
        return self._api

    def look(self) -> TargetState:
        """See ``Target.look``."""
        return self._view()[1].state()

    def scaler(self) -> KubernetesScaler:
        """See ``Target.scaler``."""
        mark = Mark.parse(self._config.idle) if self._config.idle else None
        return KubernetesScaler(self._api, self._view, mark)

    def close(self) -> None:
        """Look no more; the workers stay as they are."""
        self._stop.set()
        self._thread.join(timeout=FIRST_LOOK_S)
        if self._seen is not None:
            self._seen[1].close()
        self._api.close()

    # -- inside

    def _view(self) -> tuple[Scaled, ScaledView]:
        self._asked.wait(FIRST_LOOK_S)
        if self._seen is None:
            raise BackendError(self._why or f"the API server has not said anything about {self.described} yet")
        return self._seen

    def _begin(self) -> None:
        while not self._stop.is_set():
            try:
                self._seen = self._open()
            except AutoscalingError as error:
                if str(error) != self._why:
                    logger.warning("the workers are not in view: %s", error)
                self._why = str(error)
            self._asked.set()
            if self._seen is not None:
                return
            self._stop.wait(PAUSE_S)

    def _open(self) -> tuple[Scaled, ScaledView]:
        scaled = discover(self._api, self._config)
        selector = self._api.get(scaled.scale).get("status", {}).get("selector", "")
        mark = Mark.parse(self._config.idle) if self._config.idle else None
        view = ScaledView(self._api, scaled, selector, self._config.watch_renewal, mark)
        try:
            view.start()
        except BackendError:
            view.close()
            raise
        return scaled, view
