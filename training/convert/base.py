"""Reads a base model from a GGUF file: its shape, its weights by our decoder's names, its vocabulary and merges.

Only what the conversion starts from: a Llama-like model (RMS norm, rotary positions, gated MLP, tied embeddings, no
biases) with a byte-level BPE. Anything else is refused by name. The file is read, never run.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gguf import GGUFReader, dequantize
from torch import Tensor

from training.model.config import ModelConfig

ARCHITECTURE = "llama"
PRE_TOKENIZERS = ("smollm",)
"""Values of `tokenizer.ggml.pre` whose split pattern `tokenizer_of` builds."""

LAYER_NAMES = {
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
"""A layer's tensors: GGUF's names to the decoder's."""
QUERY_KEY_NORMS = {"attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm"}
"""Those that a layer has besides where queries and keys are normalised."""
BIASED = ("attn_q", "attn_k", "attn_v")
"""Those that have a bias in Qwen2."""


class BaseError(Exception):
    """The base cannot be used; the message is a sentence that says what to do."""


@dataclass(frozen=True)
class Base:
    """A base model. `tensors` are fp32 by the decoder's names; `merges` are pairs of token texts in order of rank."""

    name: str
    licence: str
    sha256: str
    model: ModelConfig
    tokens: list[str]
    merges: list[tuple[str, str]]
    tensors: dict[str, Tensor] = field(repr=False)


def read_base(path: Path) -> Base:
    """Reads a GGUF file.

    Raises BaseError where the file is damaged, of another architecture or tokenizer, or lacks a tensor.
    """
    reader, facts = read_facts(path)
    architecture = facts.get("general.architecture")
    if architecture != ARCHITECTURE:
        raise BaseError(f"{path} holds a model of architecture {architecture}; the conversion takes {ARCHITECTURE}.")
    pre = facts.get("tokenizer.ggml.pre")
    if facts.get("tokenizer.ggml.model") != "gpt2" or pre not in PRE_TOKENIZERS:
        raise BaseError(f"{path} has a tokenizer ({pre}) that is not known here: {', '.join(PRE_TOKENIZERS)} are.")
    for needed in ("tokenizer.ggml.tokens", "tokenizer.ggml.merges"):
        if needed not in facts:
            raise BaseError(f"{path} has no {needed}: it holds no whole tokenizer, so get it again.")
    tokens = list(facts["tokenizer.ggml.tokens"])
    # Shapes of ours are in steps of 64; the cut gives the vocabulary its final size.
    model = shape_of(facts, ARCHITECTURE, -(-len(tokens) // 64) * 64)
    return Base(
        name=str(facts.get("general.name", path.stem)),
        licence=str(facts.get("general.license", "unknown")),
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        model=model,
        tokens=tokens,
        merges=merges_of(facts),
        tensors=tensors_of(path, reader, model),
    )


def read_facts(path: Path) -> tuple[GGUFReader, dict[str, Any]]:
    """A GGUF file's reader and its key-value pairs; raises BaseError where it is not such a file."""
    try:
        reader = GGUFReader(path)
        return reader, {name: entry.contents() for name, entry in reader.fields.items()}
    except (OSError, ValueError, IndexError, KeyError) as error:
        raise BaseError(f"{path} cannot be read as a GGUF file ({error}): get it again.") from error


def merges_of(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """The merges of a file's tokenizer as pairs of token texts."""
    pairs = (merge.partition(" ") for merge in facts["tokenizer.ggml.merges"])
    return [(left, right) for left, _, right in pairs]


def shape_of(facts: dict[str, Any], architecture: str, vocabulary: int, tied: bool = True) -> ModelConfig:
    """The shape that a file of the architecture llama or qwen2 describes; raises BaseError where it does not."""

    def number(name: str) -> float:
        value = facts.get(f"{architecture}.{name}")
        if not isinstance(value, int | float):
            raise BaseError(f"The base does not say its {name}.")
        return value

    hidden, heads = int(number("embedding_length")), int(number("attention.head_count"))
    return ModelConfig(
        vocabulary=vocabulary,
        hidden=hidden,
        layers=int(number("block_count")),
        heads=heads,
        key_value_heads=int(number("attention.head_count_kv")),
        head_dimension=hidden // heads,
        intermediate=int(number("feed_forward_length")),
        # A float32 in the file: 9.999999747378752e-06 stands for 1e-5.
        norm_epsilon=float(f"{number('attention.layer_norm_rms_epsilon'):.6g}"),
        rope_theta=number("rope.freq_base"),
        positions=int(number("context_length")),
        query_key_norm=False,
        attention_bias=architecture == "qwen2",
        tied=tied,
    )


def tensors_of(path: Path, reader: GGUFReader, model: ModelConfig) -> dict[str, Tensor]:
    """The weights of a file of this shape, in fp32 by the decoder's names.

    Raises BaseError where one is missing, or the head is not the embeddings'.
    """
    found = {tensor.name: tensor for tensor in reader.tensors}
    roles = LAYER_NAMES | (QUERY_KEY_NORMS if model.query_key_norm else {})
    names = {"token_embd.weight": "embed_tokens.weight", "output_norm.weight": "norm.weight"}
    if not model.tied:
        names["output.weight"] = "lm_head.weight"
    elif "output.weight" in found:
        raise BaseError(f"{path} has a head of its own; the conversion takes models with tied embeddings.")
    for layer in range(model.layers):
        place, ours = f"blk.{layer}", f"layers.{layer}"
        names |= {f"{place}.{theirs}.weight": f"{ours}.{role}.weight" for theirs, role in roles.items()}
        if model.attention_bias:
            names |= {f"{place}.{theirs}.bias": f"{ours}.{LAYER_NAMES[theirs]}.bias" for theirs in BIASED}
    missing = sorted(name for name in names if name not in found)
    if missing:
        raise BaseError(f"{path} lacks {missing[0]} and {len(missing) - 1} other tensors: get it again.")
    # Where queries and keys are normalised (Qwen3) or have biases (Qwen2), the file keeps their rows in order.
    interleaved = not (model.query_key_norm or model.attention_bias)
    tensors: dict[str, Tensor] = {}
    for theirs, ours in names.items():
        tensor = found[theirs]
        values = np.array(dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)
        if interleaved and theirs.endswith("attn_q.weight"):
            values = unpermuted(values, model.heads)
        elif interleaved and theirs.endswith("attn_k.weight"):
            values = unpermuted(values, model.key_value_heads)
        tensors[ours] = torch.from_numpy(np.ascontiguousarray(values))
    return tensors


def unpermuted(rows: np.ndarray, heads: int) -> np.ndarray:
    """Rows of Q or K, (heads · size, width), from the file's interleaved rotary order to halves side by side."""
    size = rows.shape[0] // heads
    return rows.reshape(heads, size // 2, 2, -1).swapaxes(1, 2).reshape(rows.shape)


def permuted(rows: np.ndarray, heads: int) -> np.ndarray:
    """The way back: from halves side by side to the interleaved rotary order of files of the architecture llama."""
    size = rows.shape[0] // heads
    return rows.reshape(heads, 2, size // 2, -1).swapaxes(1, 2).reshape(rows.shape)
