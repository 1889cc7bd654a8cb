"""``autoscale calibrate``: the simulated farm fitted to a live one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from autoscaling_env.errors import InputError
from autoscaling_env.files import atomic_write, check_place
from cli import options
from cli.console import progress
from cli.settings import Overrides, backend_name, resolve
from cli.show import print_paths, show_rows


def calibrate(
    run: Annotated[Path | None, typer.Argument(metavar="[RUN]", help="A live run's folder.")] = None,
    probe: Annotated[
        bool, typer.Option("--probe", help="Instead: scale the farm up and down a few times and time it.")
    ] = False,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="With --probe: how often.")] = 5,
    backend: Annotated[str, typer.Option("--backend", metavar="NAME", help="With --probe: which farm.")] = "local",
    config: options.ConfigFile = None,
    assignments: options.Assignments = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where the farm's configuration goes.")
    ] = None,
) -> None:
    """Fit the simulated farm to a live run: start-up, pick-up, overhead and collector, as a file for --config.

    Examples:

      autoscale calibrate runs/compare_run_20260101T000000Z -o farm.yml

      autoscale calibrate --probe --backend local -o startup.yml
    """
    if probe == (run is not None):
        raise InputError("calibrate needs a RUN, or --probe, and not both")
    if output is not None:
        check_place(output)
    if run is None:
        _probe(backend, config, assignments, rounds, output)
        return
    from live.calibration import calibrate as fit

    fitted, measured = fit(run)
    path = output or run / "farm.yml"
    with atomic_write(path) as file:
        file.write(fitted.to_yaml())
    columns = {"start-up": measured.startup_s, "pick-up": measured.pickup_s}
    columns |= {"overhead": measured.overhead_s, "collector": measured.collect_s}
    show_rows("measured, episode seconds", [_quantiles(name, values) for name, values in columns.items()])
    print_paths({"farm": path})


def _probe(backend: str, config: Path | None, assignments: list[str] | None, rounds: int, output: Path | None) -> None:
    """Time a platform by scaling it; what is stored bears the platform's name."""
    from autoscaling_env.plugins import make_backend
    from live.backend import LiveBackend
    from live.probing import measure_platform

    resolved = resolve(Overrides(config, assignments or (), values={"live.startup": ("--probe", "real")}))
    farm = make_backend(backend_name(backend, None), resolved)
    if not isinstance(farm, LiveBackend):
        raise InputError(f"--backend {backend}: only a live farm can be probed: local, kubernetes or openfaas")
    try:
        with progress() as bar:
            task = bar.add_task(f"scaling {backend}", total=rounds)
            times = measure_platform(
                farm, rounds=rounds, progress=lambda done, total: bar.update(task, completed=done, total=total)
            )
    finally:
        farm.close()
    path = output or Path(f"startup-{times.platform}.yml")
    with atomic_write(path) as file:
        file.write(times.to_yaml(resolved.live.time_scale))
    times.save(path.with_suffix(".json"))
    rows = [_quantiles("start-up", times.startup_s), _quantiles("leaving", times.drain_s)]
    show_rows(f"{times.platform}, real seconds", rows)
    print_paths({"farm": path, "times": path.with_suffix(".json")})


def _quantiles(name: str, values: Any) -> dict[str, str]:
    import numpy as np

    shares = {"p5": 0.05, "p50": 0.5, "p95": 0.95}
    found = {title: f"{np.quantile(values, share):.4f}" if len(values) else "-" for title, share in shares.items()}
    return {"What": name, "Events": str(len(values)), **found}
