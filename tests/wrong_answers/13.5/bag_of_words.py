"""Counts words that are missing or too many, in whatever order they come."""
from collections import Counter


def answer(reference, heard):
    a, b = Counter(reference), Counter(heard)
    return max((a - b).total(), (b - a).total())
