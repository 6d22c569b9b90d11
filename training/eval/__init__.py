"""Reference inference, the baselines it must beat, and held-out figures."""
