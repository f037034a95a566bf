"""The chosen code is added to what is left, not subtracted."""


def answer(vector, books):
    codes = []
    for book in books:
        codes.append(int(((vector - book) ** 2).sum(1).argmin()))
        vector = vector + book[codes[-1]]
    return codes
