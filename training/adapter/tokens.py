"""A base's own tokens: its tokenizer, how it reads text with a hole (FIM), and what ends a text."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

from training.convert.base import BaseError, merges_of
from training.convert.prune import byte_level

QWEN2_PIECES = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""How Qwen's tokenizer.json cuts text before byte pairs merge; a GGUF file has the pattern's name only."""
ENDS = ("<|endoftext|>", "</s>", "<|end_of_text|>")
"""What ends a text, by the first name that a vocabulary has."""
FIM_NAMES = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|endoftext|>")
"""Qwen2.5-Coder's (arXiv 2409.12186): prefix, suffix and middle each behind its token, and the end."""


@dataclass(frozen=True)
class FimOrder:
    """Ids of the tokens in front of prefix, suffix and middle, which come in this order, and of the one behind."""

    prefix: int
    suffix: int
    middle: int
    end: int


def tokenizer_of(facts: dict[str, Any]) -> Tokenizer:
    """The tokenizer of a GGUF file; raises BaseError where its way of cutting text is not known here.

    A wrong one would give other tokens without any error.
    """
    for needed in ("tokenizer.ggml.tokens", "tokenizer.ggml.merges"):
        if needed not in facts:
            raise BaseError(f"The base has no {needed}: it holds no whole tokenizer, so get it again.")
    pre = facts.get("tokenizer.ggml.pre")
    vocabulary = {token: number for number, token in enumerate(facts["tokenizer.ggml.tokens"])}
    if pre == "smollm":
        return byte_level(vocabulary, merges_of(facts))
    if pre != "qwen2":
        raise BaseError(
            f"The base's tokenizer cuts text as {pre}, which is not known here (smollm and qwen2 are): give the "
            "model's folder with tokenizer.json instead."
        )
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges_of(facts)))
    bytes_ = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    cut = pre_tokenizers.Split(Regex(QWEN2_PIECES), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([cut, bytes_])
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def vocabulary_digest(tokenizer: Tokenizer) -> str:
    """SHA-256 of the tokens in order of id: token files are useless with another vocabulary.

    Not of tokenizer.json, which a GGUF file does not have.
    """
    ids = tokenizer.get_vocab(with_added_tokens=True)
    return hashlib.sha256("\n".join(sorted(ids, key=ids.__getitem__)).encode()).hexdigest()


def fim_order(tokenizer: Tokenizer) -> FimOrder | None:
    """How the base reads text with a hole, or None where it has not learnt to."""
    ids = [tokenizer.token_to_id(name) for name in FIM_NAMES]
    return None if None in ids else FimOrder(*ids)


def end_of_text(tokenizer: Tokenizer) -> int | None:
    """The token behind a document, or None where the vocabulary has none that is known here."""
    return next((number for name in ENDS if (number := tokenizer.token_to_id(name)) is not None), None)


def encode(tokenizer: Tokenizer, texts: list[str]) -> list[list[int]]:
    """Tokens of texts, in which the names of special tokens are ordinary text."""
    tokenizer.encode_special_tokens = True
    return [encoding.ids for encoding in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
