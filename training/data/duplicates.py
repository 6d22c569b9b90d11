"""Finds files that are nearly the same, by MinHash over their lines (Broder 1997) with banding.

Held-out files go in first, so that a copy of one of them in a training package is dropped there.
"""

from __future__ import annotations

import hashlib

import numpy as np

PERMUTATIONS = 64
BANDS = 16
SAME_SHARE = 0.6
MIN_LINE = 12


class NearDuplicates:
    """Remembers every file that it has accepted; one instance for the whole corpus."""

    def __init__(self, seed: int = 0) -> None:
        generator = np.random.default_rng(seed)
        self._factor = generator.integers(1, 2**61 - 1, PERMUTATIONS, dtype=np.uint64) | np.uint64(1)
        self._offset = generator.integers(0, 2**61 - 1, PERMUTATIONS, dtype=np.uint64)
        self._signatures: list[np.ndarray] = []
        self._buckets: dict[tuple[int, bytes], list[int]] = {}

    def is_new(self, text: str) -> bool:
        """Whether no accepted file shares an estimated 60 % of its lines; if so, the file is accepted."""
        signature = self._signature(text)
        rows = PERMUTATIONS // BANDS
        keys = [(band, signature[band * rows : (band + 1) * rows].tobytes()) for band in range(BANDS)]
        candidates = {number for key in keys for number in self._buckets.get(key, ())}
        if any((self._signatures[number] == signature).mean() >= SAME_SHARE for number in candidates):
            return False
        for key in keys:
            self._buckets.setdefault(key, []).append(len(self._signatures))
        self._signatures.append(signature)
        return True

    def _signature(self, text: str) -> np.ndarray:
        lines = {line.strip() for line in text.split("\n")}
        telling = {line for line in lines if len(line) >= MIN_LINE} or lines
        hashes = np.array(
            [int.from_bytes(hashlib.blake2b(line.encode(), digest_size=6).digest(), "big") for line in telling],
            dtype=np.uint64,
        )
        with np.errstate(over="ignore"):
            mixed = (hashes[:, None] * self._factor[None] + self._offset[None]) >> np.uint64(20)
        return mixed.min(axis=0)
