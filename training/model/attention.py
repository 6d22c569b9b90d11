"""Attention under a mask: in bands on a CPU, by PyTorch's own kernels elsewhere; by blocks in block_attention.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

if TYPE_CHECKING:
    from torch.nn.attention.flex_attention import BlockMask

    Sight = Tensor | tuple[Tensor, ...] | BlockMask | None
    """Who sees whom: a mask as `Decoder.forward` takes it, None for causal, what `bands` makes of either on a CPU, or
    `seen_blocks` of a mask on a GPU."""

HIDDEN = -1e4
"""Added to the score of what is not visible: large, but finite in every type."""
BLOCK_LENGTH = 128
"""Tokens on each side of a block of attention that a GPU computes or leaves out as a whole."""


def attend(query: Tensor, key: Tensor, value: Tensor, sight: Sight) -> Tensor:
    """Softmax attention: query (batch, heads, n, size), key and value (batch, key/value heads, m, size).

    Returns (batch, heads, n, size).
    """
    batch, heads, length, size = query.shape
    repeats = heads // key.shape[1]
    if sight is None:
        return functional.scaled_dot_product_attention(query, key, value, is_causal=True, enable_gqa=repeats > 1)
    if repeats > 1:
        key, value = (tensor.repeat_interleave(repeats, 1) for tensor in (key, value))
    if not isinstance(sight, tuple):
        # No fused kernel takes both a mask and fewer key than query heads.
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=sight)
    rows, keys, values = (tensor.reshape(batch * heads, -1, size) for tensor in (query * size**-0.5, key, value))
    mixed: list[Tensor] = []
    first = 0
    for bias in sight:
        count, end = bias.shape[1:]
        scores = torch.baddbmm(bias, rows[:, first : first + count], keys[:, :end].transpose(1, 2))
        mixed.append(torch.bmm(scores.softmax(-1), values[:, :end]))
        first += count
    return (torch.cat(mixed, 1) if len(mixed) > 1 else mixed[0]).view(batch, heads, length, size)


def bands(visible: Tensor | None, batch: int, length: int, heads: int, dtype: torch.dtype) -> tuple[Tensor, ...]:
    """What is added to the scores, for one or two bands of queries: (batch · heads or 1, queries, keys) each.

    A band's scores end behind the last key that any of its queries sees: the context of canvas rows is spared the
    canvases behind it. On a CPU these plain matrix products take a third of the fused kernel's time, forward and
    backward, at the lengths of training rows.
    """
    if visible is None:
        visible = torch.ones(1, 1, length, length, dtype=torch.bool).tril()
    bias = torch.zeros(visible.shape, dtype=dtype).masked_fill_(~visible, HIDDEN)
    flat = bias[:, 0] if len(bias) == 1 else bias.expand(batch, heads, *bias.shape[2:]).flatten(0, 1)
    count, keys = flat.shape[1:]
    numbers = torch.arange(1, keys + 1, dtype=torch.int32)
    reach = (visible.any(0)[0] * numbers).amax(1).cummax(0).values
    # A border behind row i costs i · reach + (rest) · keys; the last row as border is no border.
    rows = torch.arange(1, count + 1)
    border = int((rows * (reach - keys)).argmin()) + 1
    end = int(reach[border - 1])
    if border == count or border * (keys - end) * 8 < count * keys:
        return (flat,)
    return flat[:, :border, :end].contiguous(), flat[:, border:]
