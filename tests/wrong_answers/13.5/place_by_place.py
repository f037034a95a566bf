"""Compares place by place: one word left out makes all that follow wrong."""


def answer(reference, heard):
    wrong = sum(a != b for a, b in zip(reference, heard))
    return wrong + abs(len(reference) - len(heard))
