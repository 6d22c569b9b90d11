"""What a model has to beat: copying from elsewhere in the file, and its own next-token head without a suffix."""

from __future__ import annotations

import torch

from training.data.vocabulary import SPECIAL_TOKENS
from training.model.decoder import Decoder, Memory


def copy_nearest(prefix: list[int], suffix: list[int], length: int, longest: int = 3) -> list[int]:
    """Copies what follows the same tokens elsewhere in the context, the length being known.

    Looks for the last three tokens of the prefix (then two, then one) in prefix and suffix; among the places it
    prefers the one after whose copy the suffix agrees longest, then what was found most often, then the nearest.
    Returns an empty list where nothing is found.
    """
    for size in range(min(longest, len(prefix)), 0, -1):
        wanted = prefix[-size:]
        best: tuple[tuple[int, int, int], list[int]] | None = None
        found: dict[tuple[int, ...], int] = {}
        for side, tokens in enumerate((prefix, suffix)):
            for place in range(len(tokens) - size - length + 1):
                if tokens[place : place + size] != wanted:
                    continue
                copy = tokens[place + size : place + size + length]
                found[tuple(copy)] = found.get(tuple(copy), 0) + 1
                agreeing = _agreeing(tokens[place + size + length :], suffix)
                distance = len(prefix) - place if side == 0 else place
                score = (agreeing, found[tuple(copy)], -distance)
                if best is None or score > best[0]:
                    best = (score, copy)
        if best is not None:
            return best[1]
    return []


def _agreeing(after: list[int], suffix: list[int], longest: int = 3) -> int:
    count = 0
    for mine, theirs in zip(after[:longest], suffix, strict=False):
        if mine != theirs:
            break
        count += 1
    return count


@torch.no_grad()
def next_token_only(model: Decoder, prefix: list[int], length: int) -> list[int]:
    """Greedy continuation of the prefix by the model's next-token head, the length being known."""
    _, memory = model.remember(torch.tensor([prefix[:-1]]), None, None, None)
    tokens: list[int] = []
    last = prefix[-1]
    for step in range(length):
        place = len(prefix) - 1 + step
        seen = torch.ones(1, 1, 1, place + 1, dtype=torch.bool)
        hidden, new = model.remember(torch.tensor([[last]]), torch.tensor([[place]]), seen, memory)
        memory = Memory.joined(memory, new)
        logits = model.logits(hidden)[0, -1]
        logits[: len(SPECIAL_TOKENS)] = -1e9
        last = int(logits.argmax())
        tokens.append(last)
    return tokens
