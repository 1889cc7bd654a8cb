"""Pictures of an episode so far: one line of text, or load against capacity as an image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from autoscaling_env.config import Config
from autoscaling_env.step import EpisodeCounts
from autoscaling_env.types import TaskBatch, Telemetry

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 360, 48, 16, 28, 32
LOAD, CAPACITY, QUEUE, INK, GRID = (
    (214, 96, 31),
    (31, 90, 166),
    (150, 150, 150),
    (40, 40, 40),
    (225, 225, 225),
)


def line(counts: EpisodeCounts, telemetry: Telemetry) -> str:
    """Return one line: step, time, queues, workers and QoS so far."""
    return (
        f"step {counts.steps:4d}  t {telemetry.time_s:8.1f} s  "
        f"queues in {telemetry.input_queue} work {telemetry.worker_queue} "
        f"result {telemetry.result_queue} out {telemetry.output_queue}  "
        f"workers {telemetry.workers_requested} (ready {telemetry.workers_ready}, "
        f"starting {telemetry.workers_starting}, draining {telemetry.workers_draining}, "
        f"busy {telemetry.workers_busy})  QoS {100 * counts.final_qos:5.1f} %"
    )


def picture(history: Sequence[Telemetry], batch: TaskBatch, config: Config) -> NDArray[np.uint8]:
    """Return uint8[360, 640, 3]: offered load and ready workers over time (left axis), waiting tasks as area."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(image)
    times = np.array([telemetry.time_s for telemetry in history])
    span_s = config.environment.max_steps * config.environment.step_duration_s
    load = _offered_load(times, batch)
    ready = np.array([telemetry.workers_ready for telemetry in history], dtype=float)
    waiting = np.array([telemetry.worker_queue for telemetry in history], dtype=float)
    top = max(10.0, float(load.max()) * 1.1, float(ready.max()) * 1.1)
    _axes(draw, span_s, top)
    queue_top = max(10.0, float(waiting.max()))
    area = _points(times, waiting / queue_top * top * 0.5, span_s, top)
    if len(area) > 1:
        draw.polygon([*area, (area[-1][0], HEIGHT - BOTTOM), (area[0][0], HEIGHT - BOTTOM)], fill=(236, 236, 236))
        draw.line(area, fill=QUEUE, width=1)
        draw.line(_points(times, load, span_s, top), fill=LOAD, width=3)
        draw.line(_points(times, ready, span_s, top), fill=CAPACITY, width=3)
    draw.text((LEFT, 8), "offered load (busy workers needed)", fill=LOAD)
    draw.text((LEFT + 230, 8), "ready workers", fill=CAPACITY)
    draw.text((LEFT + 350, 8), f"waiting tasks (up to {queue_top:.0f})", fill=QUEUE)
    return np.asarray(image)


def _offered_load(times: NDArray[np.float64], batch: TaskBatch) -> NDArray[np.float64]:
    """Work arriving in each step over its length: the workers that would just keep up."""
    if len(times) < 2:
        return np.zeros(len(times))
    work, _ = np.histogram(batch.arrival_s, bins=times, weights=batch.service_s)
    load = work / np.diff(times)
    return np.concatenate([load[:1], load])


def _axes(draw: ImageDraw.ImageDraw, span_s: float, top: float) -> None:
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
        draw.line([(LEFT, y), (WIDTH - RIGHT, y)], fill=GRID)
        draw.text((8, y - 6), f"{share * top:5.1f}", fill=INK)
        x = LEFT + share * (WIDTH - LEFT - RIGHT)
        draw.text((x - 12, HEIGHT - BOTTOM + 8), f"{share * span_s:.0f} s", fill=INK)


def _points(
    times: NDArray[np.float64], values: NDArray[np.float64], span_s: float, top: float
) -> list[tuple[float, float]]:
    x = LEFT + times / span_s * (WIDTH - LEFT - RIGHT)
    y = HEIGHT - BOTTOM - np.clip(values / top, 0, 1) * (HEIGHT - TOP - BOTTOM)
    return list(zip(x.tolist(), y.tolist(), strict=True))
