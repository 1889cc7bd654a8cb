"""Before a controller runs: a configuration of what was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from autoscaling_env.config.yaml import dumped
from autoscaling_env.errors import BackendError, InputError
from autoscaling_env.files import atomic_write
from autoscaling_env.secrets import without_passwords
from operate.config import operate_model
from operate.kinds import source_kinds, target_kinds
from operate.sources.told import reading_schema

#: What is written where nothing was found, marked as an example.
NO_SOURCE: Mapping[str, Any] = {"kind": "redis_list", "url": "redis://localhost:6379/0", "key": "tasks"}
NO_TARGET: Mapping[str, Any] = {"kind": "kubernetes", "namespace": "default", "resource": "deployment/worker"}
#: Bounds where no autoscaler says others.
LEAST, MOST = 1, 10
SHOWN = 5

TEMPLATE = """\
# Made by `autoscale operate init`. In shadow nothing is changed: it watches, and says what it would do.
# Next: `autoscale operate check FILE`, `autoscale operate FILE`, and when its decisions convince you, mode: act.
mode: shadow

# Whose queue.{other_sources}
{source}{unknown}
# Whose workers.{other_targets}
{target}
# Who decides: planner looks ahead in simulation; a rule (hpa, keda, kpa, ...), a model file, module:factory do, too.
policy: planner

# What you promise of tasks, and what a worker costs an hour, in whatever money.
objective:
  finish_within: 30s
  share: 0.99
  cost_per_worker_hour: 1.0

# The count never leaves these.{known_bounds}
bounds:
  min: {least}
  max: {most}

# What is believed until more is seen: mean work of a task, and from asking for a worker to its being ready.
tasks:
  service_time: 1s
workers:
  startup_time: 10s

# What may not happen; all of them are in the documentation.
guardrails:
  scale_in_cooldown: 60s
  fallback: hpa
  hands_off: 10m

# Between decisions.
interval: 8s
# Journal and state.
state: operate-state
"""


@dataclass(frozen=True, slots=True)
class Found:
    """What ``init`` found.

    Attributes:
        sources: settings of queues.
        targets: settings of workers.
        notes: what to say, a sentence each.
    """

    sources: list[dict[str, Any]]
    targets: list[dict[str, Any]]
    notes: list[str]


def operate_schema(*, reading: bool = False) -> dict[str, Any]:
    """Return the JSON Schema of a controller's configuration, or of what ``exec`` and ``http`` sources tell."""
    return reading_schema() if reading else operate_model().model_json_schema()


def init_operate(output: Path, *, urls: Sequence[str], cluster: Mapping[str, str | None], force: bool = False) -> Found:
    """Look for queues and workers, and write a configuration with the first of each.

    Args:
        output: the file.
        urls: servers to look for queues on, such as redis://localhost:6379/0 or http://prometheus:9090.
        cluster: where to look for workers: ``kubeconfig``, ``context``, ``namespace``.
        force: replace a file that is there.

    Raises:
        InputError: the file is there, or where to look is no address. Nothing is written.
        BackendError: where to look nobody answers. Nothing is written.
    """
    if output.exists() and not force:
        raise InputError(f"{output}: is there already; name another --output, or replace it with --force")
    notes: list[str] = []
    sources = _queues(urls, notes)
    known = {name: value for name, value in cluster.items() if value}
    targets = _looked_for([partial(kind.find, **known) for kind in target_kinds().values()], known, notes)
    if not sources:
        where = "an empty list is no key in Redis" if urls else "--url looks for some"
        notes.append(f"no queue was found ({where}): name one under source")
    if not targets:
        notes.append("no workers were found: name them under target (--namespace looks for some)")
    with atomic_write(output) as file:
        file.write(_text(sources, targets, urls))
    return Found(sources, targets, notes)


def _queues(urls: Sequence[str], notes: list[str]) -> list[dict[str, Any]]:
    """Return the queues at these addresses, those first that are known for more than a key in a server."""
    kinds = source_kinds()
    schemes = sorted({scheme for kind in kinds.values() for scheme in kind.schemes})
    found: list[dict[str, Any]] = []
    for url in urls:
        scheme, colon, _ = url.partition("://")
        if not colon or scheme not in schemes:
            raise InputError(
                f"{without_passwords(url)}: must begin with one of {', '.join(f'{each}://' for each in schemes)}"
            )
        able = [partial(kind.find, url) for kind in kinds.values() if scheme in kind.schemes]
        found += _looked_for(able, {"url": url}, notes)
    covered = {key for each in found for key in each.get("found", {}).get("covers", ())}
    named = [(each.get("key", each.get("queue")), each) for each in found]
    return sorted((each for name, each in named if name not in covered), key=lambda each: "found" not in each)


def _looked_for(
    finding: Sequence[Callable[[], Sequence[Mapping[str, Any]]]], given: Mapping[str, str], notes: list[str]
) -> list[dict[str, Any]]:
    """Return what all kinds find; who cannot be asked is noted, and an error where nothing else was found."""
    found: list[dict[str, Any]] = []
    failed: dict[str, BackendError | InputError] = {}
    for find in finding:
        try:
            found += [dict(each) for each in find()]
        except (BackendError, InputError) as error:
            failed.setdefault(str(error), error)
        except ValidationError as error:
            said = error.errors()[0]["msg"].removeprefix("Value error, ")
            failed.setdefault(said, InputError(f"{', '.join(given.values())}: {said}"))
    if failed and given and not found:
        raise next(iter(failed.values()))
    notes += failed
    return found


def _text(sources: Sequence[dict[str, Any]], targets: Sequence[dict[str, Any]], urls: Sequence[str]) -> str:
    asked = [url for url in urls if url.startswith(source_kinds()[NO_SOURCE["kind"]].schemes)]
    example = {**NO_SOURCE, **({"url": asked[0]} if asked else {})}
    source, target = dict(sources[0] if sources else example), dict(targets[0] if targets else NO_TARGET)
    hints = target.pop("found", {})
    source.pop("found", None)
    by = f" {hints['by']} has these now." if "min" in hints else ""
    return TEMPLATE.format(
        source=dumped({"source": source}),
        target=dumped({"target": target}),
        other_sources=_others(sources),
        other_targets=_others(targets),
        unknown=_unknown(source),
        known_bounds=by,
        least=hints.get("min", LEAST),
        most=max(hints.get("max", MOST), hints.get("workers", 0), hints.get("min", LEAST)),
    )


def _unknown(source: Mapping[str, Any]) -> str:
    """Return, as comments, what would have to be said for more to be known of the queue."""
    kind = source_kinds()[source["kind"]]
    opened = kind.open(kind.settings.model_validate(source))
    opened.close()
    more = [f"#   {fact.value}: {how}\n" for fact, how in kind.knows.items() if fact not in opened.knows]
    return "# What is not known is estimated. More is known,\n" + "".join(more) if more else ""


def _others(found: Sequence[Mapping[str, Any]]) -> str:
    """Return what else was found, as comments."""
    if not found:
        return "\n#   Nothing was found: this is an example."
    rest = [{name: value for name, value in each.items() if name != "found"} for each in found[1 : SHOWN + 1]]
    lines = [f"\n#   also found: {', '.join(f'{name}: {value}' for name, value in each.items())}" for each in rest]
    more = len(found) - 1 - len(rest)
    return "".join(lines) + (f"\n#   and {more} more" if more > 0 else "")
