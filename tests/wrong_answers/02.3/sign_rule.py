"""Takes odd numbers for positive and even ones for negative."""


def answer(bits, parameter):
    values = []
    while bits:
        quotient = bits.index("1")
        low = bits[quotient + 1 : quotient + 1 + parameter]
        folded = quotient * 2**parameter + int(low or "0", 2)
        values.append((folded + 1) // 2 if folded % 2 else -(folded // 2))
        bits = bits[quotient + 1 + parameter :]
    return values
