"""How many examples of a property are tried: all where CI runs the tests, some elsewhere."""

import os

WHOLE = "AVOW_TEST_WHOLE" in os.environ


def up_to(number: int) -> int:
    """All `number` examples, or a quarter of them."""
    return number if WHOLE else -(-number // 4)
