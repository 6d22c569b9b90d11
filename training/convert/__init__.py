"""From a published autoregressive coder to what training goes on from: weights read, vocabulary cut."""
