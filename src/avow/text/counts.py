"""How many of something, in words: the one place that knows when a noun stands in the plural."""


def counted(number: int, noun: str, *, grouped: bool = False) -> str:
    """`1 answer`, `0 answers`, `2000 replies`; `noun` is in the singular. `grouped`: `2,000 replies`, where no script
    reads the line."""
    if number == 1:
        return f"1 {noun}"
    digits = f"{number:,}" if grouped else f"{number}"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{digits} {noun[:-1]}ies"
    return f"{digits} {noun}{'es' if noun.endswith('ch') else 's'}"
