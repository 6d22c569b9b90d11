"""Writes model cards: `python -m training.release.card models/coder models/starter`.

A card is generated, so that it cannot claim more than the run has seen: from the weights, `cards/NAME.toml`
and the benches' results. That of a new run is written by training.release.export.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from training.release.coder_card import coder_card
from training.release.facts import Facts, Figures, facts_of, recorded
from training.release.starter_card import starter_card
from training.run.checkpoint import Checkpoint, CheckpointError

CARD = "README.md"


def model_card(checkpoint: Checkpoint, folder: Path, figures: Figures | None) -> str:
    """Markdown for the checkpoint in `folder`; the commands in it are those that trained it.

    Without `figures` the card says that nothing has been measured.
    """
    return card_of(facts_of(checkpoint, folder, figures))


def card_of(facts: Facts) -> str:
    """Markdown."""
    return coder_card(facts) if facts.run.rows.kind == "fim" else starter_card(facts)


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+", help="checkpoint folders that have a record in cards/")
    for folder in parser.parse_args().folders:
        try:
            (folder / CARD).write_text(card_of(recorded(folder)), encoding="utf-8")
        except CheckpointError as error:
            sys.exit(str(error))
        except OSError as error:
            sys.exit(f"The card of {folder} could not be written: {error.strerror} ({error.filename}).")


if __name__ == "__main__":
    main()
