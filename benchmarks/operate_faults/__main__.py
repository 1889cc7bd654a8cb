"""``python -m benchmarks.operate_faults``: the fault campaign on a real cluster; exits with 1 where a law is broken.

Needs a cluster (``--cluster`` or AUTOSCALE_TEST_KUBECONFIG) whose nodes have an image with Python, and a Prometheus.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.operate_faults.breaking import api_server_of
from benchmarks.operate_faults.campaign import Campaign, Outcome, run
from benchmarks.operate_faults.faults import Kind, every, schedule
from benchmarks.operate_faults.laws import Law, laws
from tests.live.platforms.kubernetes.images import IMAGE, build_image


def main() -> int:
    """Run it; return 1 where a law is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=11.0, help="to spread the faults over, at least")
    parser.add_argument("--seed", type=int, default=0, help="of the order, the numbers and the load")
    parser.add_argument(
        "--cluster", type=Path, help="folder of a test cluster: admin.kubeconfig, run/kube-apiserver.pid"
    )
    parser.add_argument("--stop-api-server", action="store_true", help="stop its API server, too: others feel it")
    parser.add_argument("--image", default=IMAGE, help="that has Python, on the nodes; else ours is built")
    parser.add_argument("--only", nargs="*", choices=[kind.name for kind in Kind], help="these faults, once each")
    parser.add_argument("--folder", type=Path, help="where all files stay; else nowhere")
    given = parser.parse_args()
    if given.cluster:
        os.environ["AUTOSCALE_TEST_KUBECONFIG"] = str(given.cluster / "admin.kubeconfig")
    if given.image == IMAGE:
        build_image()
    kinds = [Kind[name] for name in given.only] if given.only else every(stops_api_server=given.stop_api_server)
    faults = schedule(given.seed, given.minutes, kinds)
    begin_s = time.monotonic()

    def told(outcome: Outcome) -> None:
        took = "never" if outcome.recovery_s is None else f"{outcome.recovery_s:.1f} s"
        Console(stderr=True).print(
            f"{time.monotonic() - begin_s:6.0f} s  {outcome.fault.kind} ({outcome.victim}): {took}"
        )

    with tempfile.TemporaryDirectory(prefix="faults-") as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        pid = api_server_of(given.cluster) if given.stop_api_server else 0
        campaign = run(faults, folder, image=given.image, seed=given.seed, api_server=pid, told=told)
        held = laws(campaign)
        if given.folder:
            (folder / "outcomes.json").write_text(json.dumps(rows(campaign), indent=1), "utf-8")
    show(campaign, held)
    return int(any(law.breaches for law in held))


def rows(campaign: Campaign) -> list[dict[str, object]]:
    """Return a row for each kind of fault."""
    of_kind: dict[Kind, list[Outcome]] = defaultdict(list)
    for outcome in campaign.outcomes:
        of_kind[outcome.fault.kind].append(outcome)
    return [
        {
            "kind": str(kind),
            "count": len(of_kind[kind]),
            "seen": sum(bool(each.words) for each in of_kind[kind]),
            "worst_recovery_s": max((each.recovery_s or float("inf") for each in of_kind[kind]), default=0.0),
            "words": next((each.words for each in of_kind[kind] if each.words), ""),
        }
        for kind in Kind
        if of_kind[kind]
    ]


def show(campaign: Campaign, held: list[Law]) -> None:
    """Print both tables."""
    console = Console(width=180)
    table = Table("Fault", "Count", "In a journal", "Worst recovery, s", "Such as")
    for row in rows(campaign):
        table.add_row(
            str(row["kind"]),
            str(row["count"]),
            str(row["seen"]),
            f"{row['worst_recovery_s']:.1f}",
            str(row["words"])[:90],
        )
    console.print(table)
    table = Table("Law", "Looked at", "Breaches")
    for law in held:
        table.add_row(law.text, law.found, "\n".join(law.breaches[:10]) or "none")
    console.print(table)
    ticks = {name: sum(told.is_tick for told in each.told) for name, each in campaign.operators.items()}
    console.print(f"{len(campaign.outcomes)} faults in {campaign.seconds / 60:.1f} minutes; ticks: {ticks}")


if __name__ == "__main__":
    sys.exit(main())
