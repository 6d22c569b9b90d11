"""The network, its sizes and its optimiser."""
