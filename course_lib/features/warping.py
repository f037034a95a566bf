"""Which frames of two utterances belong together: dynamic time warping."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from course_lib.core import check_values


def dynamic_time_warping(
    distances: Float[np.ndarray, "frames other_frames"],
) -> Int[np.ndarray, "pairs 2"]:
    """Return the path from first to last frames with the smallest sum of distances.

    The least sum up to the pair (m, n) is

        D[m, n] = distances[m, n] + min(D[m-1, n-1], D[m-1, n], D[m, n-1]),

    found along one anti-diagonal m + n after the other. Each pair of the path follows the one
    before by (1, 1), (1, 0) or (0, 1); of equal sums, the first of these wins.

    Parameters
    ----------
    distances : between each frame of one utterance and each of another

    Raises
    ------
    TypeError, ValueError
        For distances that are not finite real numbers, or not of shape (frames, other_frames)
        with one frame or more.

    References
    ----------
    Sakoe and Chiba (1978), "Dynamic programming algorithm optimization for spoken word
    recognition", whose unweighted form without slope constraint this is. Notebook: 06.
    """
    distances = check_values(distances, "distances", shape=("frames", "frames"))
    rows, columns = distances.shape
    total = np.full((rows + 1, columns + 1), np.inf)  # total[m + 1, n + 1] is D[m, n]
    total[0, 0] = 0
    for diagonal in range(rows + columns - 1):
        m = np.arange(max(0, diagonal - columns + 1), min(diagonal, rows - 1) + 1)
        n = diagonal - m
        before = np.minimum(total[m, n], np.minimum(total[m, n + 1], total[m + 1, n]))
        total[m + 1, n + 1] = distances[m, n] + before
    return _trace_back(total)


def _trace_back(total: Float[np.ndarray, "rows columns"]) -> Int[np.ndarray, "pairs 2"]:
    m, n = np.array(total.shape) - 2
    path = [(m, n)]
    while (m, n) != (0, 0):
        steps = ((m - 1, n - 1), (m - 1, n), (m, n - 1))
        m, n = min(steps, key=lambda pair: total[pair[0] + 1, pair[1] + 1])
        path.append((m, n))
    return np.array(path[::-1], dtype=np.int64)
