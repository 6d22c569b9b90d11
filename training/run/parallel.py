"""Two single-threaded processes with one all-reduce a step: faster than two threads on a machine that is busy.

Threads meet at a barrier in every operation, so that one busy core stops both; processes meet once a step.
"""

from __future__ import annotations

import atexit
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor

PATIENCE = timedelta(hours=12)
"""One that ends is noticed at once. One that is only slow, on a busy machine or one that sleeps, is waited for."""


class TeamError(Exception):
    """The processes of a run have lost each other; the message is a sentence that says what to do."""


@dataclass
class Team:
    """The processes that train together; rank 0 is the one that was started, and it starts the others."""

    rank: int = 0
    size: int = 1

    def sum(self, vector: Tensor) -> Tensor:
        """Adds the vectors of all processes, in place."""
        if self.size > 1:
            try:
                dist.all_reduce(vector)
            except RuntimeError as error:
                raise TeamError(
                    "Another process of this run has ended. Start the same command again: it goes on from the last "
                    "checkpoint."
                ) from error
        return vector


def form_team(processes: int, rank: int, meeting: Path | None) -> tuple[Team, list[subprocess.Popen[bytes]]]:
    """Starts the other processes (with this one's command line) and waits until all have met.

    Returns the team and, for rank 0, the processes started. `meeting` is the file they meet by.
    """
    if processes == 1:
        return Team(), []
    children: list[subprocess.Popen[bytes]] = []
    if rank == 0:
        folder = Path(tempfile.mkdtemp(prefix="palimpsest-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        meeting = folder / "meeting"
        for other in range(1, processes):
            command = [sys.executable, "-m", "training.run.train", *sys.argv[1:]]
            children.append(subprocess.Popen([*command, "--rank", str(other), "--meeting", str(meeting)]))
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=processes, timeout=PATIENCE)
    return Team(rank, processes), children
