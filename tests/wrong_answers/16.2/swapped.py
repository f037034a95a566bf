"""Goes from the class towards no class."""


def answer(told, free, scale):
    return told + scale * (free - told)
