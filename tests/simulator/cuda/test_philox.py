"""The numbers are Philox's own, and any two streams have nothing to do with each other."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.cuda.philox import below, philox, uniforms

ONES = 0xFFFFFFFF


# Known answers of the authors' library (Random123, kat_vectors, philox4x32 10).
@pytest.mark.parametrize(
    ("key", "counter", "expected"),
    [
        ((0, 0), (0, 0, 0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((ONES, ONES), (ONES, ONES, ONES, ONES), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0xA4093822, 0x299F31D0),
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_known_answers(key: tuple[int, ...], counter: tuple[int, ...], expected: tuple[int, ...]) -> None:
    one, two = philox(np.uint64(key[0] | key[1] << 32), *map(np.uint64, counter))
    assert (int(one) & ONES, int(one) >> 32, int(two) & ONES, int(two) >> 32) == expected


def test_uniform_numbers_are_uniform_and_unlike() -> None:
    drawn = np.array([uniforms(3, stream, 5, 0, place) for stream in range(2) for place in range(2000)])
    assert 0 <= drawn.min() <= drawn.max() < 1
    assert abs(drawn.mean() - 0.5) < 4 * np.sqrt(1 / 12 / drawn.size)
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 4 / np.sqrt(len(drawn))
    assert abs(np.corrcoef(drawn[:2000, 0], drawn[2000:, 0])[0, 1]) < 4 / np.sqrt(2000)


def test_whole_numbers_are_below_their_bound() -> None:
    drawn = [int(below(1, 2, row, 0, 7)) for row in range(1400)]
    assert np.bincount(drawn, minlength=7).min() > 150
    assert max(drawn) == 6
