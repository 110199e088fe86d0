"""How many of something, in words: the one place that knows when a noun stands in the plural."""


def counted(number: int, noun: str) -> str:
    """`1 answer`, `0 answers`, `2,000 replies`; `noun` is in the singular."""
    if number == 1:
        return f"1 {noun}"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{number:,} {noun[:-1]}ies"
    return f"{number:,} {noun}{'es' if noun.endswith('ch') else 's'}"
