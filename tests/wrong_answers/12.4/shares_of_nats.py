"""Takes the logarithms themselves for shares."""


def answer(nats):
    return nats / nats.sum()
