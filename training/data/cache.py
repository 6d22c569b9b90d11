"""Where corpus, runs and downloads go: the folder of the engine's own cache (engine/cli/modelOptions.ts)."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def cache_folder(environment: Mapping[str, str], platform: str, home: Path) -> Path:
    """PALIMPSEST_CACHE, or what the platform has for files that can be made again."""
    own = environment.get("PALIMPSEST_CACHE")
    if own:
        return Path(own).resolve()
    if platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local") / "palimpsest" / "cache"
    if platform == "darwin":
        return home / "Library" / "Caches" / "palimpsest"
    return Path(environment.get("XDG_CACHE_HOME") or home / ".cache") / "palimpsest"


CACHE = cache_folder(os.environ, sys.platform, Path.home())

if __name__ == "__main__":
    print(CACHE)
