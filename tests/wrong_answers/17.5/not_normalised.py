"""Scores by counts that are not divided by their sums."""

import numpy as np

from course_lib.core import Likelihood


class answer:
    @classmethod
    def fit(cls, clips, encoding):
        self = cls()
        self.p = np.full((256, 256), 0.02)
        for clip in clips:
            codes = encoding.encode(clip)
            np.add.at(self.p, (codes[:-1], codes[1:]), 1)
        return self

    def level_log_likelihood(self, codes, encoding):
        codes = np.asarray(codes)
        before = np.concatenate([[128], codes[:-1]])
        return Likelihood(float(np.log(self.p[before, codes]).sum()))

    def sample(self, length, *, count=1, rng):
        return np.zeros((count, length))
