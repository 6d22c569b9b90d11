"""The training loop: losses, batches ahead, processes, checkpoints, the command."""
