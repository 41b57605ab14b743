"""Shows that the guarantees' tests can fail: `python -m tests.mutations`, or `… G1 S2` for some of them."""
