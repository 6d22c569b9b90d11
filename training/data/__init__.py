"""From the list of sources to token files."""
