"""The decoder: RMS norm, rotary positions, gated MLP; with QK norm (Qwen3), with biases (Qwen2) or without (Llama).

Written for speed on a CPU: residual stream, norms and rotary all in the weights'
own type (25 % faster than autocast at these sizes).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.model.attention import BLOCK_LENGTH, attend, bands
from training.model.config import ModelConfig

if TYPE_CHECKING:
    from training.model.attention import Sight


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
        width, size, bias = config.hidden, config.head_dimension, config.attention_bias
        self.q_proj = nn.Linear(width, config.heads * size, bias=bias)
        self.k_proj = nn.Linear(width, config.key_value_heads * size, bias=bias)
        self.v_proj = nn.Linear(width, config.key_value_heads * size, bias=bias)
        self.o_proj = nn.Linear(config.heads * size, width, bias=False)
        self.attend = attend
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
        if sight is None or isinstance(sight, Tensor | tuple):
            mixed = self.attend(query, key, value, sight)
        else:
            from training.model.block_attention import by_blocks

            mixed = by_blocks(query, key, value, sight)
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
        self.lm_head = None if config.tied else nn.Linear(config.hidden, config.vocabulary, bias=False)
        self._initialise()

    def _initialise(self) -> None:
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                # Projections back into the residual stream start smaller, so that its size does not grow with depth.
                back = name.endswith(("o_proj.weight", "down_proj.weight"))
                deviation = 0.02 if "embed" in name else parameter.shape[1] ** -0.5 * (0.5 if back else 1.0)
                nn.init.normal_(parameter, std=deviation)

    def compile_layers(self, dynamic: bool) -> None:
        """Has PyTorch's compiler fuse what lies between a layer's matrix products; dynamic: rows of any length."""
        # It takes a slice of the keys for all of them where the lengths of rows change, and fails (PyTorch 2.13).
        whole = torch.compiler.disable(attend)
        for layer in self.layers:
            layer.self_attn.attend = whole
            layer.compile(dynamic=dynamic)

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
            from training.model.block_attention import seen_blocks

            sight = seen_blocks(visible)
        new = Memory()
        for number, layer in enumerate(self.layers):
            x, pair = layer(x, rotary, sight, None if past is None else past.layers[number])
            new.layers.append(pair)
        return self.norm(x), new

    def logits(self, hidden: Tensor) -> Tensor:
        """Scores over the vocabulary, by the embeddings or a head of its own: (…, hidden) → (…, vocabulary)."""
        head = self.embed_tokens if self.lm_head is None else self.lm_head
        return functional.linear(hidden, head.weight)

    def size_without_embeddings(self) -> int:
        """Number of parameters, embeddings not counted."""
        return sum(p.numel() for name, p in self.named_parameters() if "embed" not in name)


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
