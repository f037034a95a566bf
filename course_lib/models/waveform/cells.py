"""The cells of recurrent networks as plain functions, with weights in ``torch.nn``'s layout.

References
----------
Elman (1990), "Finding structure in time"; Hochreiter and Schmidhuber (1997), "Long short-term
memory"; Gers, Schmidhuber and Cummins (2000), "Learning to forget"; Cho et al. (2014), "Learning
phrase representations using RNN encoder-decoder for statistical machine translation".

Notebook: 08.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor


def rnn_cell(
    x: Float[Tensor, "*batch inputs"],
    h: Float[Tensor, "*batch units"],
    w_ih: Float[Tensor, "units inputs"],
    w_hh: Float[Tensor, "units units"],
    b_ih: Float[Tensor, "units"],
    b_hh: Float[Tensor, "units"],
) -> Float[Tensor, "*batch units"]:
    """Take one step of Elman's network: h' = tanh(W_ih x + b_ih + W_hh h + b_hh).

    References
    ----------
    Elman (1990); layout of ``torch.nn.RNNCell``. Notebook: 08.
    """
    return torch.tanh(x @ w_ih.T + b_ih + h @ w_hh.T + b_hh)


def lstm_cell(
    x: Float[Tensor, "*batch inputs"],
    state: tuple[Float[Tensor, "*batch units"], Float[Tensor, "*batch units"]],
    w_ih: Float[Tensor, "4*units inputs"],
    w_hh: Float[Tensor, "4*units units"],
    b_ih: Float[Tensor, "4*units"],
    b_hh: Float[Tensor, "4*units"],
) -> tuple[Float[Tensor, "*batch units"], Float[Tensor, "*batch units"]]:
    """Take one step of a long short-term memory, whose cell c is only ever scaled and added to.

    With (i, f, g, o) the four quarters of W_ih x + b_ih + W_hh h + b_hh, and s the logistic
    function::

        c' = s(f) c + s(i) tanh(g)
        h' = s(o) tanh(c')

    Returns (h', c').

    References
    ----------
    Hochreiter and Schmidhuber (1997), with the forget gate f of Gers, Schmidhuber and Cummins
    (2000); layout of ``torch.nn.LSTMCell``. Notebook: 08.
    """
    h, c = state
    i, f, g, o = (x @ w_ih.T + b_ih + h @ w_hh.T + b_hh).chunk(4, dim=-1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def gru_cell(
    x: Float[Tensor, "*batch inputs"],
    h: Float[Tensor, "*batch units"],
    w_ih: Float[Tensor, "3*units inputs"],
    w_hh: Float[Tensor, "3*units units"],
    b_ih: Float[Tensor, "3*units"],
    b_hh: Float[Tensor, "3*units"],
) -> Float[Tensor, "*batch units"]:
    """Take one step of a gated recurrent unit, which moves from h towards a proposal n.

    With (r_x, z_x, n_x) the thirds of W_ih x + b_ih, (r_h, z_h, n_h) those of W_hh h + b_hh, and
    s the logistic function::

        r = s(r_x + r_h)            how much of the past the proposal sees
        z = s(z_x + z_h)            how much of the past stays
        n = tanh(n_x + r n_h)
        h' = (1 - z) n + z h

    References
    ----------
    Cho et al. (2014), with r applied after W_hh, as ``torch.nn.GRUCell`` does. Notebook: 08.
    """
    r_x, z_x, n_x = (x @ w_ih.T + b_ih).chunk(3, dim=-1)
    r_h, z_h, n_h = (h @ w_hh.T + b_hh).chunk(3, dim=-1)
    r, z = torch.sigmoid(r_x + r_h), torch.sigmoid(z_x + z_h)
    n = torch.tanh(n_x + r * n_h)
    return (1 - z) * n + z * h


def linear_cell(
    x: Float[Tensor, "*batch inputs"],
    h: Float[Tensor, "*batch units"],
    w_ih: Float[Tensor, "units inputs"],
    w_hh: Float[Tensor, "units units"],
) -> Float[Tensor, "*batch units"]:
    """Take one step of a recurrent network without nonlinearity: h' = W_ih x + W_hh h.

    Notebook: 08.
    """
    return x @ w_ih.T + h @ w_hh.T


def filter_weights(
    phi: Float[np.ndarray, "order"], theta: Float[np.ndarray, "order"]
) -> tuple[Float[Tensor, "order 1"], Float[Tensor, "order order"]]:
    """Return (W_ih, W_hh) with which `linear_cell` is the state-space model of an ARMA process.

    In innovations form (``models.linear.state_space``), with A the shift s[i] <- s[i+1] and the
    innovation e = x - s[0], the state moves by s' = A s + phi x + theta e. Put together::

        W_ih = phi + theta
        W_hh = A - theta (1, 0, ..., 0)

    so h[0], after hearing x[0], ..., x[t], is the prediction of x[t + 1].

    Parameters
    ----------
    phi, theta : coefficients, padded with zeros to one length

    Raises
    ------
    ValueError
        For lengths that differ, or are zero.

    Notebook: 08.
    """
    phi, theta = np.atleast_1d(phi), np.atleast_1d(theta)
    if phi.ndim != 1 or phi.shape != theta.shape or not phi.size:
        raise ValueError(
            f"need phi and theta of one length, at least 1, got shapes {phi.shape} and "
            f"{theta.shape}; pad the shorter one with zeros"
        )
    recurrent = np.eye(len(phi), k=1)
    recurrent[:, 0] -= theta
    return torch.from_numpy((phi + theta)[:, None]), torch.from_numpy(recurrent)
