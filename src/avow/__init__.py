"""avow: ask Claude from the terminal and always know which model answered."""

__version__ = "0.1.0"
