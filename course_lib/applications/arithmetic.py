"""Arithmetic coding: a whole message as one number, told to as many bits as its probability asks.

The coder knows no model. For each symbol it is told three whole numbers: the symbol's share of
`TOTAL` begins at `low` and ends before `high`. It keeps an interval, and each symbol narrows the
interval to its share. A message of probability P ends in an interval of width P, and any number
inside it can be written with about -log2 P bits. Everything is arithmetic of whole numbers, so
whoever knows the same shares decodes the same message.

Notebook: 17.
"""

from __future__ import annotations

from collections.abc import Callable

from course_lib.core import check_count

TOTAL = 2**24
"""What the shares of all symbols add up to."""

_BITS = 48  # of the interval's ends; well above those of TOTAL, so that no share vanishes
_FULL, _HALF, _QUARTER = 2**_BITS, 2 ** (_BITS - 1), 2 ** (_BITS - 2)


class ArithmeticEncoder:
    """Symbols in, bits out.

    The interval is [low, high) in units of 2^-48. A bit is written as soon as both ends agree on
    it. An interval that lies around the middle, and is narrow, is widened, and the bit that is
    still open is counted in `pending`: it will be the opposite of the next one.

    References
    ----------
    Witten, Neal and Cleary (1987), "Arithmetic coding for data compression", section "Performing
    arithmetic coding with fixed-precision arithmetic". Notebook: 17.
    """

    def __init__(self) -> None:
        self._low, self._high, self._pending = 0, _FULL, 0
        self._bits: list[str] = []

    def encode(self, low: int, high: int) -> None:
        """Take in the symbol whose share of `TOTAL` is [low, high).

        Raises
        ------
        TypeError, ValueError
            For a share that is empty or does not lie within `TOTAL`.
        """
        high = check_count(high, "high", maximum=TOTAL)
        low = check_count(low, "low", minimum=0, maximum=high - 1)
        self._low, self._high = _narrowed(self._low, self._high, low, high)
        while True:
            if self._high <= _HALF:
                self._write("0")
            elif self._low >= _HALF:
                self._write("1")
                self._shift(_HALF)
            elif self._low >= _QUARTER and self._high <= 3 * _QUARTER:
                self._pending += 1
                self._shift(_QUARTER)
            else:
                return
            self._low, self._high = 2 * self._low, 2 * self._high

    def finish(self) -> bytes:
        """Return all bits, filled up with zeros to whole bytes, and none of zeros at the end."""
        self._pending += 1
        self._write("0" if self._low < _QUARTER else "1")
        bits = "".join(self._bits)
        size = -(-len(bits) // 8)
        return int(bits.ljust(8 * size, "0"), 2).to_bytes(size, "big").rstrip(b"\0")

    def _shift(self, by: int) -> None:
        self._low, self._high = self._low - by, self._high - by

    def _write(self, bit: str) -> None:
        self._bits.append(bit + ("1" if bit == "0" else "0") * self._pending)
        self._pending = 0


class ArithmeticDecoder:
    """Bits in, symbols out; after the last bit it reads zeros.

    Any bytes decode to something: a checksum must tell whether it is what was encoded.

    Parameters
    ----------
    data : what `ArithmeticEncoder.finish` returned
    """

    def __init__(self, data: bytes) -> None:
        self._bits = int.from_bytes(data, "big")
        self._left = 8 * len(data)
        self._low, self._high, self._code = 0, _FULL, 0
        for _ in range(_BITS):
            self._code = 2 * self._code + self._next()

    def decode(self, cumulative: Callable[[int], int], symbols: int) -> int:
        """Return the next symbol.

        Parameters
        ----------
        cumulative : where the share of a symbol begins; it rises from 0 for symbol 0 to `TOTAL`
            for `symbols`, by at least 1 from each symbol to the next
        symbols : how many there are
        """
        width = self._high - self._low
        target = ((self._code - self._low + 1) * TOTAL - 1) // width
        first, last = 0, symbols  # cumulative(first) <= target < cumulative(last)
        while last - first > 1:
            middle = (first + last) // 2
            if cumulative(middle) <= target:
                first = middle
            else:
                last = middle
        share = cumulative(first), cumulative(last)
        self._low, self._high = _narrowed(self._low, self._high, *share)
        self._renew()
        return first

    def _renew(self) -> None:
        """Drop the bits that both ends agree on, exactly as the encoder did, and read new ones."""
        while True:
            if self._high <= _HALF:
                by = 0
            elif self._low >= _HALF:
                by = _HALF
            elif self._low >= _QUARTER and self._high <= 3 * _QUARTER:
                by = _QUARTER
            else:
                return
            self._low, self._high = 2 * (self._low - by), 2 * (self._high - by)
            self._code = 2 * (self._code - by) + self._next()

    def _next(self) -> int:
        self._left -= 1
        return (self._bits >> self._left) & 1 if self._left >= 0 else 0


def _narrowed(low: int, high: int, first: int, last: int) -> tuple[int, int]:
    """Return the part [first, last) / TOTAL of the interval [low, high)."""
    width = high - low
    return low + width * first // TOTAL, low + width * last // TOTAL
