"""Files of named arrays of numbers: NumPy's npz, in which no object can hide."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.errors import InputError
from autoscaling_env.files import atomic_write


def write_arrays(path: Path | str, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Write arrays; the same arrays are the same bytes."""
    with atomic_write(path, "wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def read_arrays(
    path: Path | str, what: str, needed: Sequence[str], optional: Sequence[str] = ()
) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of a file by name, those of ``optional`` where they are there; others are not read.

    Args:
        path: the file.
        what: what it should be, for the message.
        needed: names that must be there.
        optional: names that may be there.

    Raises:
        InputError: it is none, or something is missing.
    """
    try:
        with Path(path).open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            return {name: file[name] for name in (*needed, *(name for name in optional if name in file))}
    except FileNotFoundError:
        raise InputError(f"{path}: not there; `autoscale history` writes one") from None
    except (OSError, ValueError, KeyError, EOFError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        said = " ".join(str(error).split())
        raise InputError(f"{path}: not a {what}: {said}; `autoscale history` writes one") from None
