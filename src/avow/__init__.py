"""avow: ask Claude from the terminal and always know which model answered.

An import inside a function is there for start-up, which is paid on every call: what a plain question does not need is
loaded where it is used. `tests/test_startup.py` lists what a plain question loads. No such import hides a circle.
"""

__version__ = "0.1.0"
