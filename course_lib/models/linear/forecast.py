"""What models say of samples that were not heard."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.special
from jaxtyping import Float

from course_lib.core import check_number


class Forecast(NamedTuple):
    """Means and standard deviations of samples that were not heard, (time,) each."""

    mean: Float[np.ndarray, "time"]
    deviation: Float[np.ndarray, "time"]

    def interval(
        self, probability: float = 0.95
    ) -> tuple[Float[np.ndarray, "time"], Float[np.ndarray, "time"]]:
        """Return the lower and upper ends between which each sample lies with `probability`.

        Raises
        ------
        TypeError, ValueError
            For a probability that is not strictly between 0 and 1.
        """
        probability = check_number(probability, "probability", above=0, below=1)
        reach = scipy.special.ndtri(0.5 + probability / 2) * self.deviation
        return self.mean - reach, self.mean + reach
