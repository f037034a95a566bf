"""Takes out only after putting in, with a queue of one more than the dilation."""

from collections import deque


def answer(dilation, past, present):
    queue = deque([0.0] * (dilation + 1), maxlen=dilation + 1)

    def push(x):
        queue.append(x)
        return past * queue[0] + present * x

    return push
