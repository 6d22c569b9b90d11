"""Writes weights as a safetensors file, so that a disk that fills up is told as every other write tells it."""

from __future__ import annotations

import errno
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

_FULL = {f"(os error {number})": number for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)}


def save_weights(tensors: dict[str, Tensor], path: Path, metadata: dict[str, str]) -> None:
    """Writes tensors by name; raises OSError, as writing any file does, where the disk has no room for them.

    The library has an exception of its own, which says what the system said in words only.
    """
    try:
        save_file(tensors, path, metadata=metadata)
    except SafetensorError as error:
        path.unlink(missing_ok=True)
        number = next((number for words, number in _FULL.items() if words in str(error)), None)
        why = "there is no room for it" if number else str(error)
        raise OSError(number or errno.EIO, why, str(path)) from error
