"""The largest numbers that an audit takes; apart, because the table of commands needs them and nothing else."""

MOST_LOOKS = 1000
LARGEST_SEED = 2**53 - 1
"""What every reader of JSON keeps exact."""
