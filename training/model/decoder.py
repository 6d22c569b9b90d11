"""The decoder: RMS norm, rotary positions, gated MLP, tied embeddings; with QK norm (Qwen3) or without (Llama).

Written for speed on a CPU with bf16 instructions: residual stream, norms and rotary all in the weights'
own type (25 % faster than autocast at these sizes).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.attention.flex_attention import BlockMask, create_block_mask, flex_attention

from training.model.config import ModelConfig

HIDDEN = -1e4
"""Added to the score of what is not visible: large, but finite in every type."""


@dataclass
class Memory:
    """Keys and values of earlier tokens, for each layer (batch, heads, length, head_dimension); inference only."""

    layers: list[tuple[Tensor, Tensor]] = field(default_factory=list)

    @staticmethod
    def joined(first: Memory, second: Memory) -> Memory:
        """Both memories side by side; positions are in the keys, so the order does not matter."""
        pairs = zip(first.layers, second.layers, strict=True)
        return Memory([(torch.cat([a[0], b[0]], 2), torch.cat([a[1], b[1]], 2)) for a, b in pairs])


class Attention(nn.Module):
    """Multi-head attention, queries and keys normalised where the shape says so."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        width, size = config.hidden, config.head_dimension
        self.q_proj = nn.Linear(width, config.heads * size, bias=False)
        self.k_proj = nn.Linear(width, config.key_value_heads * size, bias=False)
        self.v_proj = nn.Linear(width, config.key_value_heads * size, bias=False)
        self.o_proj = nn.Linear(config.heads * size, width, bias=False)
        normed = config.query_key_norm
        self.q_norm = nn.RMSNorm(size, eps=config.norm_epsilon) if normed else nn.Identity()
        self.k_norm = nn.RMSNorm(size, eps=config.norm_epsilon) if normed else nn.Identity()

    def forward(
        self,
        x: Tensor,
        rotary: tuple[Tensor, Tensor],
        sight: Sight,
        past: tuple[Tensor, Tensor] | None = None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """x (batch, length, hidden) → the same shape, and the new keys and values."""
        batch, length, _ = x.shape
        size = self.config.head_dimension
        query = rotate(self.q_norm(self.q_proj(x).view(batch, length, -1, size)), rotary).transpose(1, 2)
        key = rotate(self.k_norm(self.k_proj(x).view(batch, length, -1, size)), rotary).transpose(1, 2)
        value = self.v_proj(x).view(batch, length, -1, size).transpose(1, 2)
        new = (key, value)
        if past is not None:
            key, value = torch.cat([past[0], key], 2), torch.cat([past[1], value], 2)
        if isinstance(sight, BlockMask):
            mixed = by_blocks(query, key, value, sight)
        else:
            mixed = attend(query, key, value, sight)
        return self.o_proj(mixed.transpose(1, 2).reshape(batch, length, -1)), new


class GatedMlp(nn.Module):
    """SwiGLU."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(config.hidden, config.intermediate, bias=False)
        self.up_proj = nn.Linear(config.hidden, config.intermediate, bias=False)
        self.down_proj = nn.Linear(config.intermediate, config.hidden, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """x (…, hidden) → the same shape."""
        return self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    """One pre-norm decoder layer."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.input_layernorm = nn.RMSNorm(config.hidden, eps=config.norm_epsilon)
        self.self_attn = Attention(config)
        self.post_attention_layernorm = nn.RMSNorm(config.hidden, eps=config.norm_epsilon)
        self.mlp = GatedMlp(config)

    def forward(
        self,
        x: Tensor,
        rotary: tuple[Tensor, Tensor],
        sight: Sight,
        past: tuple[Tensor, Tensor] | None = None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """x (batch, length, hidden) → the same shape, and the new keys and values."""
        mixed, new = self.self_attn(self.input_layernorm(x), rotary, sight, past)
        x = x + mixed
        return x + self.mlp(self.post_attention_layernorm(x)), new


class Decoder(nn.Module):
    """Embeddings, layers and the last norm; the parameters' names are Qwen3's without the leading `model.`."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocabulary, config.hidden)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.norm = nn.RMSNorm(config.hidden, eps=config.norm_epsilon)
        self._initialise()

    def _initialise(self) -> None:
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                # Projections back into the residual stream start smaller, so that its size does not grow with depth.
                back = name.endswith(("o_proj.weight", "down_proj.weight"))
                deviation = 0.02 if "embed" in name else parameter.shape[1] ** -0.5 * (0.5 if back else 1.0)
                nn.init.normal_(parameter, std=deviation)

    def forward(self, ids: Tensor, positions: Tensor | None = None, visible: Tensor | None = None) -> Tensor:
        """Hidden states.

        ids: (batch, length) int64; positions: (batch, length), default 0…length−1; visible: boolean
        (batch, 1, length, length), row = query, default causal. Returns (batch, length, hidden).
        """
        return self.remember(ids, positions, visible, None)[0]

    def remember(
        self, ids: Tensor, positions: Tensor | None, visible: Tensor | None, past: Memory | None
    ) -> tuple[Tensor, Memory]:
        """As `forward`, with keys of earlier tokens in front, and the new keys and values returned.

        With `past` of m tokens, visible is (batch, 1, length, m + length).
        """
        if positions is None:
            positions = torch.arange(ids.shape[1], device=ids.device)[None]
        x = self.embed_tokens(ids)
        rotary = rotary_table(positions, self.config, x.dtype)
        sight: Sight = visible
        if ids.device.type == "cpu":
            sight = bands(visible, *ids.shape, self.config.heads, x.dtype)
        elif visible is not None and past is None and visible.shape[-1] % BLOCK_LENGTH == 0:
            sight = seen_blocks(visible)
        new = Memory()
        for number, layer in enumerate(self.layers):
            x, pair = layer(x, rotary, sight, None if past is None else past.layers[number])
            new.layers.append(pair)
        return self.norm(x), new

    def logits(self, hidden: Tensor) -> Tensor:
        """Scores over the vocabulary, by the tied embeddings: (…, hidden) → (…, vocabulary)."""
        return functional.linear(hidden, self.embed_tokens.weight)

    def size_without_embeddings(self) -> int:
        """Number of parameters, embeddings not counted."""
        return sum(p.numel() for name, p in self.named_parameters() if "embed" not in name)


Sight = Tensor | tuple[Tensor, ...] | BlockMask | None
"""Who sees whom: a mask as `Decoder.forward` takes it, None for causal, what `bands` makes of either on a CPU, or
`seen_blocks` of a mask on a GPU."""
BLOCK_LENGTH = 128
"""Tokens on each side of a block of attention that a GPU computes or leaves out as a whole."""

_flex = torch.compile(flex_attention, dynamic=False)


def seen_blocks(visible: Tensor) -> BlockMask:
    """The blocks of attention that hold something visible; visible (batch, 1, n, n) bool, BLOCK_LENGTH divides n.

    Most of a row's pairs are not visible, so leaving blocks out takes a fraction of the time that a mask over all
    pairs takes (FlexAttention, arXiv 2412.05496).
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


# The compiler takes a slice of the keys for all of them where the lengths of rows change, and fails (PyTorch 2.13).
@torch.compiler.disable
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


def rotary_table(positions: Tensor, config: ModelConfig, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Cosines and sines, (batch, length, 1, head_dimension / 2); angles in fp32, because positions reach 2048."""
    half = torch.arange(0, config.head_dimension, 2, device=positions.device, dtype=torch.float32)
    angles = positions[..., None, None].float() * config.rope_theta ** (-half / config.head_dimension)
    return angles.cos().to(dtype), angles.sin().to(dtype)


def rotate(x: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
    """Rotary embedding in the half-split layout: x (batch, length, heads, head_dimension)."""
    cosine, sine = rotary
    first, second = x.chunk(2, -1)
    return torch.cat([first * cosine - second * sine, second * cosine + first * sine], -1)
