"""Returns a bare number."""


class answer:
    @classmethod
    def fit(cls, clips, encoding):
        return cls()

    def level_log_likelihood(self, codes, encoding):
        return -5.0 * len(codes)
