"""The election board's tools for the happiness index, on a laptop without a network: keys, polls, slips, the count, the report.

What a file or a person got wrong is `NotSo`, with words for whoever sits there.
"""
