"""Measurements as ratios against a floor of the same run. None of them is a test; run them by hand."""
