"""Forgets that the sign was folded into the number."""


def answer(bits, parameter):
    values = []
    while bits:
        quotient = bits.index("1")
        low = bits[quotient + 1 : quotient + 1 + parameter]
        values.append(quotient * 2**parameter + int(low or "0", 2))
        bits = bits[quotient + 1 + parameter :]
    return values
