"""Adds quotient and rest without giving the quotient its weight of 2^parameter."""


def answer(bits, parameter):
    values = []
    while bits:
        quotient = bits.index("1")
        low = bits[quotient + 1 : quotient + 1 + parameter]
        folded = quotient + int(low or "0", 2)
        values.append(-(folded + 1) // 2 if folded % 2 else folded // 2)
        bits = bits[quotient + 1 + parameter :]
    return values
