"""Benchmarks: figures side by side in one run. Quote ratios and medians; a shared machine's milliseconds are no promises."""
