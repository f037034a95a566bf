"""Compiled time-varying lattice filters: the vocal tract of ``applications.lpc``.

`reflection` is (frames, order); frame i stands at sample i * hop_length, and every coefficient
moves on a straight line from frame to frame. The last frame holds to the end. Readable twins
stand in ``applications.lpc``.
"""

from __future__ import annotations

import numpy as np

from course_lib.kernels.compiling import compiled

_compiled = compiled()


@_compiled
def _interpolate_into(reflection, position, k):
    """Write the coefficients at a position counted in frames."""
    last = len(reflection) - 1
    left = min(int(position), last)
    right = min(left + 1, last)
    weight = position - left
    for m in range(len(k)):
        k[m] = reflection[left, m] + weight * (reflection[right, m] - reflection[left, m])


@_compiled
def lattice_residual(x, reflection, hop_length):
    """Sound to residual: all-zero lattice (twin: ``applications.lpc.lattice_residual_by_hand``)."""
    order = reflection.shape[1]
    k, backward = np.empty(order), np.zeros(order + 1)
    result = np.empty(len(x))
    for t in range(len(x)):
        _interpolate_into(reflection, t / hop_length, k)
        forward, arriving = x[t], x[t]
        for m in range(order):
            delayed = backward[m]
            backward[m] = arriving
            arriving = delayed - k[m] * forward
            forward -= k[m] * delayed
        result[t] = forward
    return result


@_compiled
def lattice_filter(excitation, reflection, hop_length):
    """Excitation to sound: all-pole lattice (twin: ``applications.lpc.lattice_filter_by_hand``)."""
    order = reflection.shape[1]
    k, backward = np.empty(order), np.zeros(order + 1)
    result = np.empty(len(excitation))
    for t in range(len(excitation)):
        _interpolate_into(reflection, t / hop_length, k)
        forward = excitation[t]
        for m in range(order - 1, -1, -1):
            forward += k[m] * backward[m]
            backward[m + 1] = backward[m] - k[m] * forward
        backward[0] = forward
        result[t] = forward
    return result
