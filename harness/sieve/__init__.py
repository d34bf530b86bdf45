"""Millions of lines as arrays: what is plainly whole passes in bulk, and the rest is read.

Nothing here judges. A line becomes a few numbers (hashes of its words, its place in its file),
numbers are kept on disk in partitions, and a partition at a time is compared. Two different words
with one hash of 64 bits send a record the long way round, which reads the words themselves.
"""
