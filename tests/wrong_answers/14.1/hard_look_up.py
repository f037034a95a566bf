"""Takes the value of the best key alone: a look-up, but not a soft one."""


def answer(q, k, v):
    return v[(q @ k.T).argmax(axis=1)]
