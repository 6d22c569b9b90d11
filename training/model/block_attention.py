"""Attention by blocks on a GPU: what nobody sees is left out as a whole (FlexAttention, arXiv 2412.05496).

Apart from attention.py, because PyTorch's compiler, which this needs, takes longer to load than PyTorch itself.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.attention.flex_attention import BlockMask, create_block_mask, flex_attention

from training.model.attention import BLOCK_LENGTH

_flex = torch.compile(flex_attention, dynamic=False)


def seen_blocks(visible: Tensor) -> BlockMask:
    """The blocks of attention that hold something visible; visible (batch, 1, n, n) bool, BLOCK_LENGTH divides n.

    Most of a row's pairs are not visible, so leaving blocks out takes a fraction of the time that a mask over all
    pairs takes.
    """
    batch, _, length, _ = visible.shape

    def seen(row: Tensor, head: Tensor, query: Tensor, key: Tensor) -> Tensor:
        return visible[row, 0, query, key]

    return create_block_mask(seen, batch, None, length, length, device=str(visible.device), BLOCK_SIZE=BLOCK_LENGTH)


def by_blocks(query: Tensor, key: Tensor, value: Tensor, sight: BlockMask) -> Tensor:
    """As `attend`, for what `seen_blocks` gives."""
    grouped = query.shape[1] != key.shape[1]
    inside = torch.compiler.is_compiling() or query.device.type == "cpu"
    return (flex_attention if inside else _flex)(query, key, value, block_mask=sight, enable_gqa=grouped)
