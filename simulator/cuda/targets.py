"""Where code is compiled for: a GPU, numba's simulator of one, or this machine's processor.

The same source is code for each of them (``simulator.cuda.copies``). On this machine's processor the device's code runs
compiled, too: that is how many episodes are compared without a GPU.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypeAlias, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from autoscaling_env.errors import InputError
from simulator.compiled import rewarding
from simulator.compiled.compiling import SOURCES, source_of
from simulator.cuda.arrays import Room
from simulator.cuda.copies import Copies, Swaps

#: Threads of a block. Few: threads of a warp part ways, and each has its own data.
THREADS = 128
#: An array where the target's code finds it.
DeviceArray: TypeAlias = Any
#: Plays one row: ``body(row, arguments)``, where the arguments are one (nested) named tuple.
Body: TypeAlias = Callable[[Any, Any], None]
Launch: TypeAlias = Callable[[int, Any], None]
#: Changes with any file whose functions are copied: all of them are written into each other.
FINGERPRINT = hashlib.sha256(
    SOURCES.encode() + b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
).hexdigest()[:12]


class Target(Protocol):
    """A place for arrays and code."""

    name: str

    def put(self, array: NDArray[Any] | Room) -> DeviceArray:
        """Return a copy that the target's code can use, of the same layout; or an array with anything in it."""
        ...

    def write(self, array: DeviceArray, values: NDArray[Any]) -> None:
        """Write values of the same shape and layout to an array."""
        ...

    def given(self, values: Any) -> DeviceArray:
        """Return whole numbers of a caller: where they are, if code can read them there, else copied, as int64."""
        ...

    def fetch(self, array: DeviceArray) -> NDArray[Any]:
        """Return a copy for NumPy."""
        ...

    def entry(self, body: Body, swaps: Swaps) -> Launch:
        """Return what plays the rows ``0 .. rows - 1``: ``launch(rows, arguments)``; it may return before it is done.

        It is made once for a body and swaps, which are a module's constant.
        """
        ...

    def synchronize(self) -> None:
        """Wait until everything launched is done."""
        ...


class Host:
    """This machine's processor: the device's code, compiled as any other."""

    name = "host"

    def __init__(self) -> None:
        self._entries: dict[tuple[Body, int], Launch] = {}

    def put(self, array: NDArray[Any] | Room) -> DeviceArray:
        """See ``Target``."""
        return np.empty(array.shape, array.dtype) if isinstance(array, Room) else array.copy(order="K")

    def write(self, array: DeviceArray, values: NDArray[Any]) -> None:
        """See ``Target``."""
        np.copyto(array, values)

    def given(self, values: Any) -> DeviceArray:
        """See ``Target``."""
        return _whole(values)

    def fetch(self, array: DeviceArray) -> NDArray[Any]:
        """See ``Target``."""
        return np.asarray(array).copy(order="K")

    def entry(self, body: Body, swaps: Swaps) -> Launch:
        """See ``Target``."""
        if (body, id(swaps)) not in self._entries:
            self._entries[body, id(swaps)] = _host_entry(Copies(_finished_for_host, swaps).of(body))
        return self._entries[body, id(swaps)]

    def synchronize(self) -> None:
        """See ``Target``."""


class Cuda:
    """A GPU, or numba's simulator of one.

    Args:
        threads: of a block.
        registers: a thread may have no more; None: as the compiler has it.

    Raises:
        InputError: there is none.
    """

    def __init__(self, threads: int = THREADS, registers: int | None = None) -> None:
        self._threads, self._options = threads, {"max_registers": registers} if registers else {}
        self._kernels: dict[str, Any] = {}
        self._cuda, self._entries = _cuda(), dict[tuple[Body, int], Launch]()
        self.simulated = "simulator" in self._cuda.to_device.__module__
        self.name = "simulated GPU" if self.simulated else _card(self._cuda)

    def put(self, array: NDArray[Any] | Room) -> DeviceArray:
        """See ``Target``."""
        if isinstance(array, Room):
            return self._cuda.device_array(array.shape, dtype=array.dtype)
        if self.simulated and array.dtype.names:  # a kernel's records have attributes
            array = array.view(np.recarray)
        return self._cuda.to_device(array)

    def write(self, array: DeviceArray, values: NDArray[Any]) -> None:
        """See ``Target``."""
        array.copy_to_device(values)

    def given(self, values: Any) -> DeviceArray:
        """See ``Target``."""
        if getattr(values, "__cuda_ndarray__", False):  # numba's own
            return values
        if hasattr(values, "__cuda_array_interface__"):
            return self._cuda.as_cuda_array(values, sync=False)
        return self._cuda.to_device(_whole(values))

    def fetch(self, array: DeviceArray) -> NDArray[Any]:
        """See ``Target``."""
        return np.asarray(array.copy_to_host()).view(np.ndarray)

    def entry(self, body: Body, swaps: Swaps) -> Launch:
        """See ``Target``."""
        if (body, id(swaps)) in self._entries:
            return self._entries[body, id(swaps)]
        kernel = self._cuda.jit(**self._options)(self.kernel(body, swaps))
        self._kernels[body.__name__] = kernel

        def launch(rows: int, arguments: Any) -> None:
            threads = min(rows, 1 if self.simulated else self._threads)
            kernel[-(-rows // threads), threads](rows, arguments)

        self._entries[body, id(swaps)] = launch
        return launch

    def costs(self) -> Iterator[tuple[str, int]]:
        """Yield what a thread of each compiled kernel takes: registers, and bytes of local memory."""
        for name, kernel in self._kernels.items():
            for what, of in (
                ("registers", kernel.get_regs_per_thread),
                ("local bytes", kernel.get_local_mem_per_thread),
            ):
                yield from ((f"{name} {what}", number) for number in of().values())

    def kernel(self, body: Body, swaps: Swaps) -> Any:
        """Return the kernel, not compiled yet."""
        # Simulated, device functions are Python as it stands: the simulator looks for threads' places in every call.
        from simulator.cuda import entry

        finish = _as_it_is if self.simulated else self._cuda.jit(device=True)
        return Copies(finish, {**swaps, **self._own(), entry.play: body}).plain(entry.entry)

    def _own(self) -> Swaps:
        """Return what a GPU has to be told otherwise."""
        if self.simulated:
            return {}
        from simulator.cuda.rounding import plus

        return {source_of(rewarding.plus): plus}

    def synchronize(self) -> None:
        """See ``Target``."""
        self._cuda.synchronize()


def _whole(values: Any) -> NDArray[Any]:
    """Return a copy, as int64 where these are whole numbers."""
    given = np.array(values)
    return given.astype(np.int64) if given.dtype.kind in "iu" else given


def _as_it_is(function: Any) -> Any:
    return function


def _finished_for_host(function: Any) -> Any:
    """Compile at the first call and keep it on disk, beside what ``simulator.compiled.compiling`` keeps."""
    function.__qualname__ = f"{function.__qualname__.removesuffix(SOURCES).rstrip('_')}_on_host_{FINGERPRINT}"
    return njit(cache=True, nogil=True, error_model="numpy", forceinline=True)(function)


def _host_entry(body: Any) -> Launch:
    @njit(nogil=True, error_model="numpy")
    def launch(rows: Any, arguments: Any) -> None:
        for row in range(rows):
            body(row, arguments)

    return launch


_REMEDY = "install NVIDIA's driver and numba-cuda (pip install 'openfaas-autoscaling[gpu]')"


def refusal() -> str | None:
    """Return why there is no GPU to be had, in one line; None where there is one, or its simulator."""
    try:
        from numba import cuda
    except ImportError as error:
        return f"a GPU: numba.cuda cannot be imported: {error}; {_REMEDY}"
    if not cast("Any", cuda).is_available():
        return f"a GPU: none that CUDA finds here; take device='cpu', or {_REMEDY}"
    return None


def _cuda() -> Any:
    if (problem := refusal()) is not None:
        raise InputError(problem)
    from numba import cuda

    return cuda


def _card(cuda: Any) -> str:
    name = cuda.get_current_device().name
    return name.decode() if isinstance(name, bytes) else str(name)


@cache
def target(name: str) -> Target:
    """Return ``cuda`` or ``host``; they know what they have compiled.

    Raises:
        InputError: there is no GPU.
    """
    return Host() if name == "host" else Cuda()
