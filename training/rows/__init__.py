"""From tokens to training rows: what is cut out and repeated, who sees whom, how much is masked."""
