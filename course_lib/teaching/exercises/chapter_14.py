"""Checks of notebook 14, Transformers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import softmax

from course_lib.teaching.exercises.registry import Wrong, exercise, expect_array, expect_close

Array = np.ndarray


@exercise(
    "14.1",
    "A soft look-up",
    hints=[
        "Q @ K.T holds one energy for each query (a row) and each key (a column).",
        "Divide by the square root of the keys' width, then take the softmax along each row: "
        "np.exp(e) / np.exp(e).sum(axis=1, keepdims=True).",
        "Subtract each row's largest energy before np.exp. The result is weights @ V.",
    ],
)
def check_attention(answer: Callable[[Array, Array, Array], Array]) -> None:
    keys = np.array([[10.0, 0.0, 0.0, 0.0], [0.0, 10.0, 0.0, 0.0]])
    values = np.array([[1.0, 10.0, 100.0], [2.0, 20.0, 200.0]])
    what = "what a query reads that agrees with the second key alone"
    got = expect_array(answer(keys[1:], keys.copy(), values.copy()), (1, 3), what)
    if np.allclose(got, values.sum(axis=0)):
        raise Wrong(f"{what} is the sum of all values: its weights should sum to one over the keys")
    expect_close(got, values[1:], what, atol=1e-6)
    far = np.array([[40.0, 0.0], [-40.0, 0.0]])  # the largest energies of both rows lie far apart
    near = np.array([[40.0, 0.0], [35.0, 0.0]])
    got = answer(far.copy(), near.copy(), np.eye(2))
    if not np.isfinite(np.asarray(got, dtype=float)).all():
        raise Wrong(
            "with energies that are large in one row and small in the other yours is not finite; "
            "subtract from each row its own largest energy"
        )
    expect_close(got, np.eye(2), "what two queries read whose energies lie far apart")
    rng = np.random.default_rng(14)
    for steps, tokens, width, scale in (
        (1, 1, 2, 1.0),
        (3, 5, 4, 1.0),
        (4, 3, 16, 1.0),
        (2, 6, 9, 2000.0),
    ):
        q, k = scale * rng.standard_normal((steps, width)), rng.standard_normal((tokens, width))
        v = rng.standard_normal((tokens, 3))
        energies = q @ k.T
        what = f"what {steps} queries of width {width} read from {tokens} tokens"
        if scale > 1:
            what += f", with energies up to {energies.max():.0f},"
        got = expect_array(answer(q.copy(), k.copy(), v.copy()), (steps, 3), what)
        expected = softmax(energies / np.sqrt(width), axis=1) @ v
        if tokens > 1 and not np.allclose(got, expected):
            if np.allclose(got, softmax(energies, axis=1) @ v):
                raise Wrong("the energies are not divided by the square root of the width")
            if np.allclose(got, softmax(energies / width, axis=1) @ v):
                raise Wrong("the energies are divided by the width; its square root is meant")
            if np.allclose(got, softmax(energies / np.sqrt(width), axis=0) @ v):
                raise Wrong(
                    "your weights sum to one over the queries; each query shares its own weights "
                    "among the tokens, so the sum runs along a row"
                )
        expect_close(got, expected, what)


@exercise(
    "14.2",
    "Who may look where",
    hints=[
        "Position t may look at position s if s <= t, and if s < count of that text.",
        "np.arange(longest)[:, None] >= np.arange(longest) is the first condition for all t, s.",
        "Put the counts on an axis of their own, counts[:, None, None], and join both with &.",
    ],
)
def check_mask(answer: Callable[[Array, int], Array]) -> None:
    for counts, longest in (([3], 3), ([3, 1], 3), ([2, 5, 4], 5), ([1], 1), ([2, 3], 6)):
        what = f"the mask for counts {counts}, padded to {longest}"
        got = np.asarray(answer(np.array(counts), longest))
        shape = (len(counts), longest, longest)
        if got.dtype != bool:
            raise Wrong(f"{what}: need True and False, got {got.dtype}")
        expected = np.zeros(shape, bool)
        for i, count in enumerate(counts):
            for t in range(longest):
                expected[i, t, : min(t + 1, count)] = True
        if got.shape != shape:
            raise Wrong(f"{what}: need the shape {shape} (text, from, to), got {got.shape}")
        if longest > 1 and np.array_equal(got, expected.transpose(0, 2, 1)):
            raise Wrong(f"{what}: rows and columns are swapped; the row is the one who looks")
        if not np.diagonal(got[:, : min(counts), : min(counts)], axis1=1, axis2=2).all():
            raise Wrong(f"{what}: a position must be allowed to look at itself")
        wrong = np.argwhere(got != expected)
        if len(wrong):
            i, t, s = wrong[0]
            why = (
                "that is the future" if s > t
                else f"text {i} has {counts[i]} tokens" if s >= counts[i]
                else "it lies before it, and is no padding"
            )  # fmt: skip
            may = "may" if got[i, t, s] else "may not"
            raise Wrong(f"{what}: position {t} of text {i} {may} look at {s} in yours; {why}")


@exercise(
    "14.3",
    "A clock with many hands",
    hints=[
        "Pair i turns by 10000 ** (-2 i / width) radians a step: i = 0 is the fast hand.",
        "angle = np.arange(count)[:, None] * 10_000 ** (-np.arange(0, width, 2) / width).",
        "Sines go to the even columns, code[:, 0::2], and cosines to the odd ones, code[:, 1::2].",
    ],
)
def check_positions(answer: Callable[[int, int], Array]) -> None:
    got = expect_array(answer(1, 2), (1, 2), "the code of position 0")
    expect_close(got, [[0, 1]], "the code of position 0 (the sine and cosine of 0)")
    for count, width in ((2, 2), (5, 4), (40, 10), (3, 64)):
        what = f"the codes of {count} positions, {width} numbers each"
        got = expect_array(answer(count, width), (count, width), what)
        t = np.arange(count)[:, None]
        i = np.arange(width // 2)
        expected = np.empty((count, width))
        expected[:, 0::2] = np.sin(t / 10_000 ** (2 * i / width))
        expected[:, 1::2] = np.cos(t / 10_000 ** (2 * i / width))
        if width > 2 and not np.allclose(got, expected):
            halves = np.concatenate([expected[:, 0::2], expected[:, 1::2]], axis=1)
            if np.allclose(got, halves):
                raise Wrong(
                    "your sines stand in the first half and your cosines in the second; "
                    "here they take turns"
                )
            rates = 10_000 ** (-np.arange(width) / width)
            own = np.where(np.arange(width) % 2, np.cos(t * rates), np.sin(t * rates))
            if np.allclose(got, own):
                raise Wrong(
                    "in yours a sine and its cosine turn at different rates; both belong to one "
                    "hand, and the exponent is 2 i / width for both"
                )
        expect_close(got, expected, what)


@exercise(
    "14.4",
    "Sharing the width among heads",
    hints=[
        "Head i gets the numbers from i * part up to (i + 1) * part, where part = width / heads.",
        "x.reshape(time, heads, part) puts them on axes of their own; the heads should come first.",
        "x.reshape(len(x), heads, -1).transpose(1, 0, 2).",
    ],
)
def check_split(answer: Callable[[Array, int], Array]) -> None:
    for time, heads, part in ((1, 1, 3), (3, 2, 2), (4, 3, 5), (6, 4, 2)):
        x = np.arange(time * heads * part, dtype=float).reshape(time, heads * part)
        what = f"{time} positions of width {heads * part} for {heads} heads"
        got = expect_array(answer(x.copy(), heads), (heads, time, part), what)
        expected = np.stack([x[:, i * part : (i + 1) * part] for i in range(heads)])
        if not np.allclose(got, expected):
            if np.allclose(got, x.reshape(heads, time, part)):
                raise Wrong(
                    f"{what}: reshape alone mixes positions; head 0 must see a part of *every* "
                    "position. Split the last axis, then move the heads to the front"
                )
            if np.allclose(got, x.reshape(time, part, heads).transpose(2, 0, 1)):
                raise Wrong(f"{what}: your heads take turns; each gets numbers that lie together")
        expect_close(got, expected, what)


@exercise(
    "14.5",
    "One step with a cache",
    hints=[
        "The new position has one query. It looks at the cached keys and at its own.",
        "Append first: keys = np.concatenate([keys, (x @ wk)[None]]); the values likewise.",
        "energies = keys @ (x @ wq) / np.sqrt(width); read = softmax(energies) @ values; return "
        "read, keys, values.",
    ],
)
def check_cached_step(
    answer: Callable[[Array, Array, Array, Array, Array, Array], tuple[Array, Array, Array]],
) -> None:
    rng = np.random.default_rng(5)
    for steps, width in ((1, 2), (2, 3), (6, 4)):
        x = rng.standard_normal((steps, width))
        wq, wk, wv = (rng.standard_normal((width, width)) for _ in range(3))
        energies = (x @ wq) @ (x @ wk).T / np.sqrt(width)
        energies[np.triu_indices(steps, 1)] = -np.inf
        whole = softmax(energies, axis=1) @ (x @ wv)
        keys = values = np.zeros((0, width))
        for t in range(steps):
            before = keys.copy()
            given = (keys, values, wq, wk, wv)
            result = answer(x[t].copy(), *(a.copy() for a in given))
            if not isinstance(result, tuple | list) or len(result) != 3:
                raise Wrong("return three things: what is read, all keys and all values")
            what = f"step {t} of {steps}, width {width}"
            keys = expect_array(result[1], (t + 1, width), f"the keys after {what}")
            values = expect_array(result[2], (t + 1, width), f"the values after {what}")
            expect_close(keys[:t], before, f"the keys of the steps before {what}")
            expect_close(keys[t], x[t] @ wk, f"the key of {what}")
            expect_close(values[t], x[t] @ wv, f"the value of {what}")
            read = expect_array(result[0], (width,), f"what is read at {what}")
            if t and not np.allclose(read, whole[t]):
                past = softmax((x[t] @ wq) @ keys[:t].T / np.sqrt(width)) @ values[:t]
                if np.allclose(read, past):
                    raise Wrong(f"{what}: a position looks at itself, too; append before you look")
                stale = softmax((x[t] @ wq) @ keys.T) @ values
                if np.allclose(read, stale):
                    raise Wrong(f"{what}: the energies are not divided by sqrt({width})")
            expect_close(read, whole[t], f"what is read at {what}")
