"""The special tokens, by name. Their order is their id, so it must never change within one checkpoint."""

from __future__ import annotations

PAD = "<|pad|>"
MASK = "<|mask|>"
EXPAND = "<|expand|>"
DELETE = "<|delete|>"
END = "<|end|>"
BOS = "<|bos|>"
FILE = "<|file|>"
HOLE = "<|hole|>"
"""Opens what is filled in: it sees both sides, and what it predicts is the answer's first token."""
FIRST_LANGUAGE_TOKENS = {"python": "<|python|>", "typescript": "<|typescript|>", "javascript": "<|javascript|>"}
"""Languages of a model that is trained from random weights; a converted one has more."""
MORE_LANGUAGE_TOKENS = {
    "go": "<|go|>",
    "rust": "<|rust|>",
    "java": "<|java|>",
    "cpp": "<|cpp|>",
    "csharp": "<|csharp|>",
}
RESERVED = [f"<|reserved{number}|>" for number in range(6, 8)]

SPECIAL_TOKENS = [
    *(PAD, MASK, EXPAND, DELETE, END, BOS, FILE, *FIRST_LANGUAGE_TOKENS.values()),
    # These took the place of reserved tokens, so that no other id has moved.
    *(HOLE, *MORE_LANGUAGE_TOKENS.values(), *RESERVED),
]
LANGUAGE_TOKENS = FIRST_LANGUAGE_TOKENS | MORE_LANGUAGE_TOKENS
SPECIAL_IDS = {token: number for number, token in enumerate(SPECIAL_TOKENS)}
