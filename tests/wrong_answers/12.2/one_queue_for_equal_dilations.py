"""Layers of equal dilation share a queue."""

QUEUES = {}


def answer(dilation, past, present):
    queue = QUEUES.setdefault(dilation, [0.0] * dilation)

    def push(x):
        before = queue.pop(0)
        queue.append(x)
        return past * before + present * x

    return push
