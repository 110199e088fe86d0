"""The largest numbers that an audit takes; a module of their own, because the table of commands needs nothing else."""

MOST_LOOKS = 1000
LARGEST_SEED = 2**53 - 1
"""What every reader of JSON keeps exact."""
