"""Files in pieces, for machines that take only small ones: `python -m training.release.pieces split|join …`.

`split FILE --out DIR` writes NAME.000, NAME.001, … and NAME.pieces.json with their digests; `join` with that index and
`--out FILE` checks and joins them. With `--compress` the pieces are one xz stream (16-bit tokens shrink to 30 %).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import lzma
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

CHUNK = 1 << 20


class PieceError(Exception):
    """A piece is missing or damaged; the message names it."""


def split(file: Path, out: Path, megabytes: float, compress: bool = False) -> Path:
    """Writes the pieces of a file, each of at most so many megabytes; returns the index that `join` needs."""
    out.mkdir(parents=True, exist_ok=True)
    limit = max(1, int(megabytes * 1e6))
    pieces: list[dict[str, object]] = []
    with open(file, "rb") as source:
        buffer = bytearray()
        for chunk in _compressed(source) if compress else _chunks(source):
            buffer += chunk
            while len(buffer) >= limit:
                pieces.append(_write_piece(out, file.name, len(pieces), bytes(buffer[:limit])))
                del buffer[:limit]
        if buffer or not pieces:
            pieces.append(_write_piece(out, file.name, len(pieces), bytes(buffer)))
    index = out / f"{file.name}.pieces.json"
    facts = {"file": file.name, "compressed": compress, "sha256": digest(file), "pieces": pieces}
    index.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return index


def join(index: Path, target: Path) -> None:
    """Joins the pieces beside an index into one file, whole or not at all; raises PieceError."""
    facts = json.loads(index.read_text(encoding="utf-8"))
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    expand = lzma.LZMADecompressor() if facts["compressed"] else None
    try:
        with open(partial, "wb") as file:
            for piece in facts["pieces"]:
                path = index.with_name(piece["name"])
                if not path.exists():
                    raise PieceError(f"{path.name} is missing beside {index.name}: bring it and join again.")
                data = path.read_bytes()
                if hashlib.sha256(data).hexdigest() != piece["sha256"]:
                    raise PieceError(f"{path.name} is damaged: bring it again.")
                file.write(expand.decompress(data) if expand else data)
        if digest(partial) != facts["sha256"]:
            raise PieceError(f"The pieces of {facts['file']} do not make up the file that was split.")
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def digest(file: Path) -> str:
    """SHA-256 of a file."""
    with open(file, "rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _chunks(source: BinaryIO) -> Iterator[bytes]:
    while chunk := source.read(CHUNK):
        yield chunk


def _compressed(source: BinaryIO) -> Iterator[bytes]:
    # Tokens are pairs of bytes: the position bits make xz model the two apart.
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 6, "lc": 0, "lp": 1, "pb": 1}]
    packer = lzma.LZMACompressor(filters=filters)
    for chunk in _chunks(source):
        yield packer.compress(chunk)
    yield packer.flush()


def _write_piece(out: Path, name: str, number: int, data: bytes) -> dict[str, object]:
    path = out / f"{name}.{number:03d}"
    path.write_bytes(data)
    return {"name": path.name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    splitting = commands.add_parser("split")
    splitting.add_argument("file", type=Path)
    splitting.add_argument("--out", type=Path, required=True)
    splitting.add_argument("--megabytes", type=float, default=60)
    splitting.add_argument("--compress", action="store_true")
    joining = commands.add_parser("join")
    joining.add_argument("index", type=Path)
    joining.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    try:
        if options.command == "split":
            print(split(options.file, options.out, options.megabytes, options.compress))
        else:
            join(options.index, options.out)
    except (PieceError, OSError, lzma.LZMAError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
