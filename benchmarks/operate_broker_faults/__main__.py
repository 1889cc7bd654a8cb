"""``python -m benchmarks.operate_broker_faults``: brokers fail while a controller acts; exits with 1 on a broken law.

Needs root, for small disks that run full, a Redis server, and RabbitMQ (`apt-get install rabbitmq-server`). Takes two
to three minutes a system.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from benchmarks.operate_broker_faults.campaign import Campaign, Outcome, run
from benchmarks.operate_broker_faults.faults import Kind, schedule
from benchmarks.operate_broker_faults.laws import laws
from benchmarks.operate_broker_faults.report import markdown
from benchmarks.operate_broker_faults.systems import SYSTEMS


def main() -> int:
    """Run it; return 1 where a law is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--system", nargs="*", choices=SYSTEMS, default=SYSTEMS, help="these; else all")
    parser.add_argument("--seed", type=int, default=0, help="of the order, the times and the load")
    parser.add_argument("--times", type=int, default=1, help="that each kind of fault comes")
    parser.add_argument("--only", nargs="*", choices=[kind.name for kind in Kind], help="these faults; else all")
    parser.add_argument("--folder", type=Path, help="where the table and all files stay; else nowhere")
    given = parser.parse_args()
    kinds = [Kind[name] for name in given.only] if given.only else list(Kind)
    campaigns: list[Campaign] = []
    with tempfile.TemporaryDirectory(prefix="broker-faults-") as temporary:
        for system in given.system:
            folder = (given.folder or Path(temporary)) / system
            folder.mkdir(parents=True)
            campaigns.append(
                run(system, schedule(given.seed, given.times, kinds), folder, given.seed, _telling(system))
            )
            Console(stderr=True).print(f"{system}: {campaigns[-1].seconds:.0f} s")
        if given.folder:
            (given.folder / "faults.md").write_text(markdown(campaigns), "utf-8")
    print(markdown(campaigns))
    return int(any(law.breaches for each in campaigns for law in laws(each)))


def _telling(system: str) -> Callable[[Outcome], None]:
    begin_s, console = time.monotonic(), Console(stderr=True)

    def told(outcome: Outcome) -> None:
        took = ", ".join("never" if each is None else f"{each:.1f} s" for each in (outcome.fresh_s, outcome.working_s))
        console.print(f"{time.monotonic() - begin_s:6.0f} s  {system}: {outcome.fault.kind}: {took}")

    return told


if __name__ == "__main__":
    sys.exit(main())
