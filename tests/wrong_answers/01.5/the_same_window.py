"""Uses the window itself again, as if it were orthogonal at any hop."""


def answer(window, hop):
    return window
