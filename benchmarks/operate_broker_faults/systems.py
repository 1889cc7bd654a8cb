"""Each system with its broker, its producers and its workers, set up so that nothing is lost when the broker fails.

They are those of the campaign on scale-in, as recommended there, and besides: what a dead worker held comes again after
seconds and not after an hour (Celery's ``visibility_timeout`` on Redis; RQ's ``Retry`` and the intervals at which its
workers look), and a producer is told that its message is safe (publisher confirms).
"""

from __future__ import annotations

import shutil
import signal
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Protocol

from rq import Retry

from benchmarks.operate_broker_faults.disk import Disk
from benchmarks.operate_scale_in.systems import MODULES, Queue
from tests.live.servers import RunningServer
from tests.operate.brokers import SAMPLED_S, SECRET, RunningRabbit
from tests.ports import free_port

SYSTEMS = ("celery-redis", "celery-rabbitmq", "rq", "rabbitmq")
#: Seconds after which a message that nobody acknowledged is given to somebody else; longer than any task here.
VISIBLE_S = 15
#: RQ takes a worker for dead a minute after its last sign of life; seconds between two looks at that, and the time to
#: live of which a worker waits all but 15 s for a job before it looks, too.
LOOKS_S, LIVES_S = 5, 20
#: More free space than any disk has, and less than this machine's has, in bytes.
NO_DISK, ANY_DISK = str(10**17), str(50 * 10**6)


class Broker(Protocol):
    """A broker that can be broken; its data are kept from one start to the next.

    Attributes:
        port: at which queues are used.
        management_port: at which its management answers; 0: it has none.
    """

    port: int
    management_port: int

    def start(self) -> None:
        """Start it."""
        ...

    def kill(self) -> None:
        """Let it die at once."""
        ...

    def halt(self) -> None:
        """Stop it where it stands."""
        ...

    def go_on(self) -> None:
        """Let it go on."""
        ...

    def fill(self) -> None:
        """Let its disk be full."""
        ...

    def clear(self) -> None:
        """Let its disk have room again."""
        ...

    def stop(self) -> None:
        """Let it die, and forget its data."""
        ...


class RedisBroker(RunningServer):
    """A server whose file of commands is on a small disk of its own."""

    management_port = 0

    def __init__(self) -> None:
        self._disk: Disk | None = None
        self.port = free_port()
        super().__init__(port=self.port)

    def start(self) -> None:
        """See ``Broker.start``."""
        self._disk = self._disk or Disk(self.directory)
        super().start()

    def halt(self) -> None:
        """See ``Broker.halt``."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """See ``Broker.go_on``."""
        self._process.send_signal(signal.SIGCONT)

    def fill(self) -> None:
        """See ``Broker.fill``."""
        self._disk.fill()

    def clear(self) -> None:
        """See ``Broker.clear``."""
        self._disk.clear()

    def stop(self) -> None:
        """See ``Broker.stop``."""
        self.kill()
        self._disk.close()
        shutil.rmtree(self.directory, ignore_errors=True)


class RabbitBroker(RunningRabbit):
    """A server that is told that less is free than it wants: the alarm of a full disk, by which it saves itself."""

    def halt(self) -> None:
        """See ``Broker.halt``."""
        self.stall()

    def go_on(self) -> None:
        """See ``Broker.go_on``."""
        self.resume()

    def fill(self) -> None:
        """See ``Broker.fill``."""
        self.control("set_disk_free_limit", NO_DISK)

    def clear(self) -> None:
        """See ``Broker.clear``."""
        self.control("set_disk_free_limit", ANY_DISK)


def broker_of(system: str) -> Broker:
    """Start a broker for a system."""
    return RabbitBroker() if system.endswith("rabbitmq") else RedisBroker()


def address(system: str, port: int) -> str:
    """Return where producers and workers find their queue."""
    if system.endswith("rabbitmq"):
        return f"amqp://owner:{SECRET}@127.0.0.1:{port}/%2F"
    return f"redis://127.0.0.1:{port}/0"


def source_of(system: str, port: int, management_port: int) -> dict[str, Any]:
    """Return the settings of the source that looks at the queue there."""
    management = f"http://watcher:{SECRET}@127.0.0.1:{management_port}"
    if system == "rabbitmq":
        return {"kind": "rabbitmq", "url": management, "queue": "orders", "sampled_every": SAMPLED_S}
    asked = {"url": address(system, port), "queues": ["orders"]}
    if system == "rq":
        return {"kind": "rq"} | asked
    more = {"visibility_timeout": VISIBLE_S} if system == "celery-redis" else {"management_url": management}
    return {"kind": "celery"} | asked | more


def queue_of(system: str, url: str) -> Queue:
    """Return the queue as its producers see it."""
    made: Queue = _module(system).Queue(url, **_told(system, producer=True))
    return made


def work(system: str, url: str) -> None:
    """Be a worker."""
    _module(system).work(url, "recommended", **_told(system, producer=False))


# -- inside


def _module(system: str) -> Any:
    return import_module(MODULES[system])


def _told(system: str, *, producer: bool) -> Mapping[str, Any]:
    """Return what producers, or workers, are told besides."""
    if system == "rq":
        looks = {"maintenance_interval": LOOKS_S, "job_monitoring_interval": LOOKS_S, "worker_ttl": LIVES_S}
        return {"retry": Retry(max=5)} if producer else looks
    transport: dict[str, dict[str, Any]] = {
        "celery-redis": {"visibility_timeout": VISIBLE_S},
        "celery-rabbitmq": {"confirm_publish": True},
        "rabbitmq": {},
    }
    return transport[system]
