"""Which stretch of a split's tokens a row is made of: its number and the seed decide."""

from __future__ import annotations

import numpy as np


class Windows:
    """Stretches of `length` tokens that follow one another, in an order, and from a place, of each epoch's own."""

    def __init__(self, tokens: int, length: int, seed: int) -> None:
        self._length = length
        self._seed = seed
        self._count = (tokens - 1) // length - 1
        if self._count < 1:
            raise ValueError(f"The token file holds {tokens} tokens: too few for rows of {length}.")
        self._order: tuple[int, np.ndarray, int] | None = None

    def at(self, number: int) -> tuple[int, int]:
        """Where the stretch of a row begins and ends."""
        epoch, place = divmod(number, self._count)
        if self._order is None or self._order[0] != epoch:
            generator = np.random.default_rng([self._seed, 0, epoch])
            self._order = (epoch, generator.permutation(self._count), int(generator.integers(self._length)))
        _, permutation, shift = self._order
        begin = int(permutation[place]) * self._length + shift
        return begin, begin + self._length
