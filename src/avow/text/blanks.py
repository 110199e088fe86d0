"""Text that shows nothing: white space, and characters that no one sees."""

from unicodedata import category

_BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_SELECTORS = range(0xFE00, 0xFE10)


def is_blank(text: str) -> bool:
    """Whether there is nothing to see in it. Quick where it begins with something that shows."""
    return all(map(_is_unseen, text.lstrip()))


def _is_unseen(character: str) -> bool:
    if character.isascii():
        return character.isspace()
    unseen = category(character) == "Cf" or character.isspace() or character in _BLANK_LETTERS
    return unseen or ord(character) in _SELECTORS
