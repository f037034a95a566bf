"""Gives the past the weight of the present."""

import collections


def answer(dilation, past, present):
    queue = collections.deque([0.0] * dilation)

    def push(x):
        queue.append(x)
        return present * queue.popleft() + past * x

    return push
