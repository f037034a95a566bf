"""Reads one number and stops."""


def answer(bits, parameter):
    quotient = bits.index("1")
    low = bits[quotient + 1 : quotient + 1 + parameter]
    folded = quotient * 2**parameter + int(low or "0", 2)
    return [-(folded + 1) // 2 if folded % 2 else folded // 2]
