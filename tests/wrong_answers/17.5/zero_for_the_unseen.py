"""Counts, and gives nothing to pairs that never came."""

import numpy as np

from course_lib.core import Likelihood


class answer:
    @classmethod
    def fit(cls, clips, encoding):
        self = cls()
        self.p = np.eye(256)
        for clip in clips:
            codes = encoding.encode(clip)
            np.add.at(self.p, (codes[:-1], codes[1:]), 1)
        self.p /= self.p.sum(axis=1, keepdims=True)
        return self

    def level_log_likelihood(self, codes, encoding):
        codes = np.asarray(codes)
        before = np.concatenate([[128], codes[:-1]])
        with np.errstate(divide="ignore"):
            return Likelihood(float(np.log(self.p[before, codes]).sum()))
