"""``python -m benchmarks.operate_scale_in``: the kill campaign on scale-in; exits with 1 where a promise was broken.

For each system a broker of its own, and workers that run somebody's ordinary tasks of 0.5 to 2 s. While all of them are
busy one is stopped as a kubelet stops it (what runs before, SIGTERM, after the grace SIGKILL), and another is started;
so many times. Then tasks in are compared with tasks out, by the workers' own log.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from benchmarks.operate_scale_in.campaign import Outcome, run
from benchmarks.operate_scale_in.report import kept, markdown
from benchmarks.operate_scale_in.systems import MODULES, VARIANTS, broker


def main() -> int:
    """Run it; return 1 where a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--system", nargs="*", choices=sorted(MODULES), help="these; else all")
    parser.add_argument("--variant", nargs="*", help="these; else all")
    parser.add_argument("--scale-ins", type=int, default=200, help="of each variant that is recommended")
    parser.add_argument("--others", type=int, default=60, help="of each variant that is not")
    parser.add_argument("--workers", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0, help="of the tasks, and of who is stopped")
    parser.add_argument("--folder", type=Path, help="where table, JSON and logs stay; else nowhere")
    given = parser.parse_args()
    outcomes: list[Outcome] = []
    for system in given.system or sorted(MODULES):
        with broker(system) as where:
            outcomes += _all_of(system, where, given)
    print(markdown(outcomes))
    if given.folder:
        (given.folder / "scale_in.md").write_text(markdown(outcomes), "utf-8")
        (given.folder / "scale_in.json").write_text(json.dumps([asdict(each) for each in outcomes], indent=1), "utf-8")
    return 0 if all(kept(each) for each in outcomes) else 1


def _all_of(system: str, where: tuple[str, str], given: argparse.Namespace) -> Iterator[Outcome]:
    """Run the variants of a system, each after the other on the same broker."""
    for variant in VARIANTS[system]:
        if given.variant and variant.name not in given.variant:
            continue
        with tempfile.TemporaryDirectory(prefix="scale-in-") as temporary:
            folder = given.folder / f"{system}-{variant.name}" if given.folder else Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            count = given.others if variant.owed else given.scale_ins
            workers, seed = given.workers, given.seed
            outcome = run(system, variant, where, folder, scale_ins=count, workers=workers, seed=seed)
        Console(stderr=True).print(f"{system} {variant.name}: {outcome}")
        yield outcome


if __name__ == "__main__":
    sys.exit(main())
