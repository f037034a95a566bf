"""A histogram, which looks at no sample before."""

import numpy as np

from course_lib.core import Likelihood


class answer:
    @classmethod
    def fit(cls, clips, encoding):
        self = cls()
        counts = sum(np.bincount(encoding.encode(c), minlength=256) for c in clips) + 0.02
        self.p, self.encoding = counts / counts.sum(), encoding
        return self

    def level_log_likelihood(self, codes, encoding):
        return Likelihood(float(np.log(self.p[np.asarray(codes)]).sum()))

    def sample(self, length, *, count=1, rng):
        return self.encoding.decode(rng.choice(256, p=self.p, size=(count, length)))
