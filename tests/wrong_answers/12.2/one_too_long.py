"""Appends before taking out, with a queue that is one longer than the dilation."""

import collections


def answer(dilation, past, present):
    queue = collections.deque([0.0] * (dilation + 1))

    def push(x):
        queue.append(x)
        return past * queue.popleft() + present * x

    return push
