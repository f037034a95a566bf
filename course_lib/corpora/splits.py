"""Splits that never move."""

import hashlib


def fraction(text: str) -> float:
    """Return a number in [0, 1) that depends on the text alone, for a split that never moves.

    The first 32 bits of the SHA-256 of the text, as a fraction: uniform over many texts, the
    same on every machine, and unchanged when other recordings come or go.
    """
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) / 16**8
