"""Remembers the sample before, whatever the dilation."""


def answer(dilation, past, present):
    memory = [0.0]

    def push(x):
        before, memory[0] = memory[0], x
        return past * before + present * x

    return push
