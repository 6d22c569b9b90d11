"""What is split comes back byte for byte, and a damaged or missing piece is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.release.pieces import PieceError, join, split


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "train.u16"
    np.random.default_rng(0).integers(0, 500, 60_000).astype("<u2").tofile(path)
    return path


@pytest.mark.parametrize("compress", [False, True])
def test_split_and_join(file: Path, tmp_path: Path, compress: bool) -> None:
    index = split(file, tmp_path / "pieces", megabytes=0.03, compress=compress)
    pieces = sorted((tmp_path / "pieces").glob("*.[0-9][0-9][0-9]"))
    assert len(pieces) > 1
    assert all(piece.stat().st_size <= 30_000 for piece in pieces)
    assert (sum(piece.stat().st_size for piece in pieces) < file.stat().st_size) == compress
    join(index, tmp_path / "out" / "back.u16")
    assert (tmp_path / "out" / "back.u16").read_bytes() == file.read_bytes()


def test_damage_and_absence_are_named_and_leave_nothing_behind(file: Path, tmp_path: Path) -> None:
    index = split(file, tmp_path / "pieces", megabytes=0.05)
    piece = tmp_path / "pieces" / "train.u16.001"
    piece.write_bytes(b"x" + piece.read_bytes()[1:])
    with pytest.raises(PieceError, match=r"train\.u16\.001 is damaged"):
        join(index, tmp_path / "out" / "back")
    piece.unlink()
    with pytest.raises(PieceError, match=r"train\.u16\.001 is missing"):
        join(index, tmp_path / "out" / "back")
    assert list((tmp_path / "out").iterdir()) == []


def test_an_empty_file_has_one_piece(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    join(split(tmp_path / "empty", tmp_path / "pieces", 1), tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == b""
