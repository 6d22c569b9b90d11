"""A tiny random base as a GGUF file, to try the conversion on: a Llama of two layers with a BPE of its own.

As a Qwen2 it has biases, a head of its own, and Qwen2.5-Coder's tokens for text with a hole.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, TokenType, quantize
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

HIDDEN, HEADS, LAYERS, WIDE = 128, 2, 2, 192
TEXT = "def area(width, height):\n    return width * height\n\nclass Größe:\n    pass  # 'x' 1234\n"


def tiny_vocabulary() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Ids and merges of a BPE that was learned from TEXT and a line that is not in it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator([TEXT * 3, "other words, never seen in the corpus: elsewhere, nowhere"], trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return model["vocab"], [tuple(merge) for merge in model["merges"]]


def _type_of(name: str, specials: set[str]) -> TokenType:
    if name in specials:
        return TokenType.CONTROL
    return TokenType.UNUSED if name.startswith("[PAD") else TokenType.NORMAL


def write_tiny_base(path: Path, leave_out: str | None = None, architecture: str = "llama", pre: str = "smollm") -> None:
    """Writes the base; `leave_out`: a tensor, "tokens" or "merges"; another `pre` makes it a refused one."""
    vocabulary, merges = tiny_vocabulary()
    is_qwen = architecture == "qwen2"
    names = [
        "<|endoftext|>",
        "<|im_start|>",
        "<|im_end|>",
        "<filename>",
        *sorted(vocabulary, key=vocabulary.__getitem__),
        *(("<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>") if is_qwen else ()),
    ]
    specials = {name for name in names if name.startswith("<") and name not in vocabulary}
    # As published models have it, the table's length is a round number.
    names += [f"[PAD{number}]" for number in range(-len(names) % 64)]
    writer = GGUFWriter(path, architecture)
    writer.add_name("tiny")
    writer.add_license("apache-2.0")
    writer.add_block_count(LAYERS)
    writer.add_context_length(512)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(WIDE)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(1)
    writer.add_rope_freq_base(10_000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    if leave_out != "tokens":
        writer.add_token_list(names)
        writer.add_token_types([_type_of(name, specials) for name in names])
    if leave_out != "merges":
        writer.add_token_merges([" ".join(merge) for merge in merges])
    generator = np.random.default_rng(0)
    shapes = {"token_embd": (len(names), HIDDEN), "output_norm": (HIDDEN,)}
    for layer in range(LAYERS):
        shapes |= {f"blk.{layer}.{name}": (HIDDEN,) for name in ("attn_norm", "ffn_norm")}
        shapes |= {f"blk.{layer}.attn_{name}": (size, HIDDEN) for name, size in (("q", 128), ("k", 64), ("v", 64))}
        shapes |= {f"blk.{layer}.attn_output": (HIDDEN, 128), f"blk.{layer}.ffn_down": (HIDDEN, WIDE)}
        shapes |= {f"blk.{layer}.ffn_{name}": (WIDE, HIDDEN) for name in ("gate", "up")}
    if is_qwen:
        shapes["output"] = shapes["token_embd"]
    biases = {f"blk.{layer}.attn_{name}": 128 if name == "q" else 64 for layer in range(LAYERS) for name in "qkv"}
    for name, size in biases.items() if is_qwen else ():
        writer.add_tensor(f"{name}.bias", generator.normal(size=size).astype(np.float32) * 0.1)
    for name, shape in shapes.items():
        if name == leave_out:
            continue
        values = generator.normal(size=shape).astype(np.float32) * 0.1
        kind = GGMLQuantizationType.Q8_0 if "ffn" in name and len(shape) == 2 else GGMLQuantizationType.F32
        writer.add_tensor(f"{name}.weight", quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
