"""The run-time type checker of the tests: shapes of results are enforced.

Arguments are looked at too, so that `"frames order"` means the same numbers throughout a call,
but they are not refused: bad input has to reach the function's own check and its message.
"""

from collections.abc import Callable
from typing import Any

from beartype import BeartypeConf, beartype


class ArgumentNoted(UserWarning):
    """An argument does not fit its annotation; the function itself decides what to do."""


def enforce_results(function: Callable[..., Any]) -> Callable[..., Any]:
    return beartype(conf=BeartypeConf(violation_param_type=ArgumentNoted))(function)
