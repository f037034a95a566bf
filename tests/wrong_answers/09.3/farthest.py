"""The farthest code, not the nearest."""


def answer(vector, books):
    codes = []
    for book in books:
        codes.append(int(((vector - book) ** 2).sum(1).argmax()))
        vector = vector - book[codes[-1]]
    return codes
