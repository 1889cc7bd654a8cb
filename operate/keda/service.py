"""What KEDA asks, answered from the last decision of the controller that a ScaledObject names."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any, NoReturn

import grpc

from autoscaling_env.errors import BackendError, unknown_name
from operate.keda import externalscaler_pb2 as messages
from operate.keda.externalscaler_pb2_grpc import ExternalScalerServicer
from operate.keda.reach import CONTROLLER, METRIC, REACH, REACHES, TARGET, Reach
from operate.keda.target import KedaTarget, NoDecision


class ExternalScaler(ExternalScalerServicer):
    """KEDA's external scaler for any number of ScaledObjects.

    The trigger's metadata say which controller a ScaledObject is about (``controller``) and what its autoscaler is like
    (``reach``). Asked for the metric's name and target it always answers: a KEDA that gets no answer to this counts no
    failure, and never falls back (kedacore/keda#8056).

    Args:
        targets: by the controller's name.
    """

    def __init__(self, targets: Mapping[str, KedaTarget]) -> None:
        self._targets = targets
        self._over = asyncio.Event()
        self._streams: set[asyncio.Event] = set()

    async def IsActive(self, request: Any, context: Any) -> Any:  # noqa: N802 - KEDA's name
        """Tell whether there are to be any workers."""
        target = await self._target(request, context)
        return messages.IsActiveResponse(result=await self._wanted(target, context) > 0)

    async def StreamIsActive(self, request: Any, context: Any) -> AsyncIterator[Any]:  # noqa: N802 - KEDA's name
        """Tell the same at once and at every change; while there is no decision nothing is told."""
        target = await self._target(request, context)
        changed, loop = asyncio.Event(), asyncio.get_running_loop()

        def notice() -> None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(changed.set)

        end = target.listen(notice)
        self._streams.add(changed)
        told: bool | None = None
        try:
            while not self._over.is_set():
                changed.clear()
                active = _active(target)
                if active is not None and active != told:
                    told = active
                    yield messages.IsActiveResponse(result=active)
                await changed.wait()
        finally:
            self._streams.discard(changed)
            end()

    async def GetMetricSpec(self, request: Any, context: Any) -> Any:  # noqa: N802 - KEDA's name
        """Tell the metric's name and target."""
        await self._target(request, context)
        await _reach(request, context)
        spec = messages.MetricSpec(metricName=METRIC, targetSize=int(TARGET), targetSizeFloat=TARGET)
        return messages.GetMetricSpecResponse(metricSpecs=[spec])

    async def GetMetrics(self, request: Any, context: Any) -> Any:  # noqa: N802 - KEDA's name
        """Tell the metric's value."""
        target = await self._target(request.scaledObjectRef, context)
        reach = await _reach(request.scaledObjectRef, context)
        if request.metricName != METRIC:
            await _refuse(context, grpc.StatusCode.NOT_FOUND, unknown_name("metric", request.metricName, [METRIC]))
        try:
            value = await asyncio.to_thread(target.value, reach)
        except (NoDecision, BackendError) as error:
            await _refuse(context, grpc.StatusCode.UNAVAILABLE, str(error))
        told = messages.MetricValue(metricName=METRIC, metricValue=math.ceil(value), metricValueFloat=value)
        return messages.GetMetricsResponse(metricValues=[told])

    def end(self) -> None:
        """Let every stream come to its end, in the server's loop."""
        self._over.set()
        for each in self._streams:
            each.set()

    # -- inside

    async def _target(self, request: Any, context: Any) -> KedaTarget:
        name = request.scalerMetadata.get(CONTROLLER, "")
        target = self._targets.get(name)
        if target is not None:
            return target
        who = f"ScaledObject {request.namespace}/{request.name}: metadata.{CONTROLLER}"
        if not name:
            choices = ", ".join(sorted(self._targets))
            await _refuse(context, grpc.StatusCode.INVALID_ARGUMENT, f"{who} is missing; choose from {choices}")
        told = unknown_name(CONTROLLER, name, self._targets)
        return await _refuse(context, grpc.StatusCode.NOT_FOUND, f"{who}: {told}")

    async def _wanted(self, target: KedaTarget, context: Any) -> int:
        try:
            return target.wanted()
        except NoDecision as error:
            return await _refuse(context, grpc.StatusCode.UNAVAILABLE, str(error))


async def _reach(request: Any, context: Any) -> Reach:
    name = request.scalerMetadata.get(REACH, Reach.DETOUR)
    if name in REACHES:
        return Reach(name)
    who = f"ScaledObject {request.namespace}/{request.name}: metadata.{REACH}"
    told = unknown_name(REACH, name, REACHES)
    return await _refuse(context, grpc.StatusCode.INVALID_ARGUMENT, f"{who}: {told}")


def _active(target: KedaTarget) -> bool | None:
    try:
        return target.wanted() > 0
    except NoDecision:
        return None


async def _refuse(context: Any, code: grpc.StatusCode, why: str) -> NoReturn:
    await context.abort(code, why)
    raise AssertionError  # abort has raised
