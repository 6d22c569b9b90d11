"""A low-rank adapter that lets a published autoregressive coder draft several tokens a pass, by masks."""
