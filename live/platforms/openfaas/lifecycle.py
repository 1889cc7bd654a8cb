"""``autoscale farm up | status | down``: the farm's functions without an episode."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from autoscaling_env.config import Config
from autoscaling_env.config.live import LiveConfig
from autoscaling_env.errors import BackendError
from autoscaling_env.farm_kind import FarmView
from autoscaling_env.settings import with_overrides
from live.clients import command_client
from live.control import Controller
from live.platform import FarmSpec
from live.platforms.openfaas.deployment import ROLE_LABEL, SERVICES, checked_name, ours
from live.platforms.openfaas.farm import checked_spec
from live.platforms.openfaas.gateway import FunctionStatus, Gateway
from live.platforms.openfaas.platform import OpenFaaSPlatform
from live.platforms.openfaas.services import LOOK_S, Progress, remove_all
from live.queues import Queues

#: Real seconds for ``farm status`` and ``farm down``.
STATUS_S, DOWN_S = 10.0, 60.0


class OpenFaaSLifecycle:
    """See ``Lifecycle``."""

    attended = False

    @contextmanager
    def up(self, config: Config, workers: int, progress: Progress) -> Iterator[FarmView]:
        """See ``Lifecycle.up``."""
        yield FarmView.of(up(with_overrides(config, {"farm.initial_workers": workers}), progress))

    def status(self, config: Config) -> FarmView:
        """See ``Lifecycle.status``."""
        return FarmView.of(status(config))

    def down(self, config: Config) -> bool:
        """See ``Lifecycle.down``."""
        down(config)
        return True


@dataclass(frozen=True, slots=True)
class FunctionRow:
    """One function of the farm, as ``farm status`` shows it."""

    name: str
    role: str
    replicas: int
    available: int
    image: str


def up(config: Config, progress: Progress | None = None) -> tuple[FunctionRow, ...]:
    """Deploy emitter, collector and ``farm.initial_workers`` workers, wait until all are available, leave them running.

    Raises:
        BackendError: another controller runs this farm, or it cannot be done; what was deployed is removed.
    """
    spec = checked_spec(config)
    with claimed(config.live):
        platform = OpenFaaSPlatform(config.live.openfaas, progress=progress)
        try:
            platform.open(spec)
            platform.begin(config.farm.initial_workers, None)
            shown = _all_available(config, spec, platform.gateway, progress)
        except BaseException:
            platform.close()
            raise
        platform.leave()
    return shown


@contextmanager
def claimed(live: LiveConfig) -> Iterator[None]:
    """Hold the farm on its Redis for the length of the block, so that no running episode loses its functions.

    Raises:
        BackendError: another controller has it, or Redis does not answer.
    """
    url = live.redis_url or ""
    with command_client(url, password_file=live.redis_password_file, retries=1, timeout_s=STATUS_S) as client:
        queues = Queues(client, live.farm, url)
        controller = Controller(queues, lease_s=live.lease_s, max_deliveries=live.max_deliveries)
        controller.begin(())
        try:
            yield
        finally:
            controller.release(drop=True)


def _all_available(
    config: Config, spec: FarmSpec, gateway: Gateway, progress: Progress | None
) -> tuple[FunctionRow, ...]:
    """Wait until what was deployed answers its probes."""
    give_up_s = gateway.clock.now() + spec.open_timeout_s
    while True:
        shown = rows(ours(gateway.functions(give_up_s + 1.0 - gateway.clock.now()), spec.functions.farm))
        available, wanted = sum(row.available for row in shown), len(SERVICES) + config.farm.initial_workers
        if progress is not None:
            progress(available, wanted)
        if available >= wanted:
            return shown
        if gateway.clock.now() > give_up_s:
            waiting = ", ".join(f"{row.name} {row.available}/{row.replicas}" for row in shown)
            raise BackendError(
                f"not all replicas are available after {spec.open_timeout_s:g} s ({waiting}); "
                f"`kubectl -n {gateway.namespace} get pods` says why"
            )
        gateway.clock.sleep(LOOK_S)


def status(config: Config) -> tuple[FunctionRow, ...]:
    """Return this farm's functions; none if it is not up."""
    gateway = Gateway(config.live.openfaas)
    try:
        return rows(ours(gateway.functions(STATUS_S), checked_name(config.live.farm)))
    finally:
        gateway.close()


def down(config: Config) -> tuple[str, ...]:
    """Delete all functions with this farm's labels, whoever deployed them, and return their names.

    Raises:
        BackendError: some are still there.
    """
    gateway = Gateway(config.live.openfaas)
    try:
        return remove_all(gateway, checked_name(config.live.farm), DOWN_S)
    finally:
        gateway.close()


def rows(functions: Sequence[FunctionStatus]) -> tuple[FunctionRow, ...]:
    """Return functions as they are shown, by name."""
    shown = (FunctionRow(f.name, f.labels.get(ROLE_LABEL, "?"), f.replicas, f.available, f.image) for f in functions)
    return tuple(sorted(shown, key=lambda row: row.name))
