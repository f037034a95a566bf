"""Keeps the queue outside, so that all layers read each other's past."""

import collections

SHARED = collections.deque([0.0] * 64, maxlen=64)


def answer(dilation, past, present):
    def push(x):
        before = SHARED[-dilation]
        SHARED.append(x)
        return past * before + present * x

    return push
