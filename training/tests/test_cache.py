"""The bench reads the held-out text from where the corpus builder leaves it, so both must mean the same folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.data.cache import cache_folder

HOME = Path("/home/someone")


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({}, "linux", HOME / ".cache" / "palimpsest"),
        ({"XDG_CACHE_HOME": "/fast"}, "linux", Path("/fast/palimpsest")),
        ({"XDG_CACHE_HOME": "/fast"}, "darwin", HOME / "Library" / "Caches" / "palimpsest"),
        ({"LOCALAPPDATA": "/local"}, "win32", Path("/local/palimpsest/cache")),
        ({"PALIMPSEST_CACHE": "/mine", "XDG_CACHE_HOME": "/fast"}, "linux", Path("/mine").resolve()),
    ],
)
def test_the_folder_is_the_engines(environment: dict[str, str], platform: str, expected: Path) -> None:
    assert cache_folder(environment, platform, HOME) == expected
