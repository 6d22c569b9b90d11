"""The special tokens, by name. Their order is their id, so it must never change within one checkpoint."""

from __future__ import annotations

PAD = "<|pad|>"
MASK = "<|mask|>"
EXPAND = "<|expand|>"
DELETE = "<|delete|>"
END = "<|end|>"
BOS = "<|bos|>"
FILE = "<|file|>"
LANGUAGE_TOKENS = {"python": "<|python|>", "typescript": "<|typescript|>", "javascript": "<|javascript|>"}
RESERVED = [f"<|reserved{number}|>" for number in range(8)]

SPECIAL_TOKENS = [PAD, MASK, EXPAND, DELETE, END, BOS, FILE, *LANGUAGE_TOKENS.values(), *RESERVED]
SPECIAL_IDS = {token: number for number, token in enumerate(SPECIAL_TOKENS)}
