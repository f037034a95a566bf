"""Answers the same question again and again: three calls in each call."""


def answer(said, heard):
    if not said or not heard:
        return len(said) + len(heard)
    return min(
        answer(said[1:], heard[1:]) + (said[0] != heard[0]),
        answer(said[1:], heard) + 1,
        answer(said, heard[1:]) + 1,
    )
