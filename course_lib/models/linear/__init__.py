"""Models in which the present is a weighted sum of the past: AR, ARMA, ARIMA, linear prediction."""

from course_lib.models.linear.adaptive_ar import (
    AdaptiveAR,
)
from course_lib.models.linear.ar import (
    AR,
    score_orders,
)
from course_lib.models.linear.arima import (
    ARIMA,
    compare_orders,
)
from course_lib.models.linear.arma import (
    ARMA,
)
from course_lib.models.linear.diagnostics import (
    ljung_box,
    sample_autocorrelations,
    sample_partial_autocorrelations,
)
from course_lib.models.linear.linear_prediction import (
    autocorrelation,
    burg,
    levinson,
    yule_walker,
)
from course_lib.models.linear.state_space import (
    kalman_filter,
    kalman_smoother,
)

__all__ = [
    "AR",
    "ARIMA",
    "ARMA",
    "AdaptiveAR",
    "autocorrelation",
    "burg",
    "compare_orders",
    "kalman_filter",
    "kalman_smoother",
    "levinson",
    "ljung_box",
    "sample_autocorrelations",
    "sample_partial_autocorrelations",
    "score_orders",
    "yule_walker",
]
