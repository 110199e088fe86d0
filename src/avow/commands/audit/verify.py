"""`avow audit verify`: computes the results of a record again, so that a second person can check them."""

import json

from avow.audit.screens import report
from avow.audit.verifying import verify
from avow.context import Context
from avow.errors import UsageError
from avow.exit_codes import ExitCode
from avow.files.reading import SizeLimit, read_file, read_stdin
from avow.terminal.fitted import say
from avow.text.counts import counted
from avow.wire.json_value import parse

_MOST = SizeLimit(64 * 1024 * 1024)
ONLY_THIS = (
    "Computed again from the replies in the file, which is all that can be checked: a record that was made up as a "
    "whole would agree as well."
)


def run(file: str, context: Context, *, as_json: bool = False) -> ExitCode:
    """Print the result of the last look of the record, computed again, and what does not agree. Raises UsageError where
    the file is not a record."""
    context.style(context.settings())
    try:
        value = parse(_read(file, context))
    except ValueError as error:
        raise UsageError(f"{file}: not an audit record: it is not JSON ({error})") from None
    found = verify(value)
    if as_json:
        if found.result is None:
            raise UsageError(f"{file}: the record has no look that is over", hint="avow audit run makes one")
        context.screen.line(json.dumps(found.as_json(), indent=2))
        return ExitCode(found.exit_code)
    if found.result is not None:
        report(context, found.result, found.record, found.last)
        context.screen.line()
    for problem in found.problems:
        say(f"Does not agree: {problem}.", context.screen)
    if found.agrees:
        looks = len([look for look in found.record.runs if look.result is not None])
        say(f"Agrees: {counted(looks, 'look')}, the cards and the digest.", context.screen)
    say(ONLY_THIS, context.screen)
    return ExitCode(found.exit_code)


def _read(file: str, context: Context) -> bytes:
    wait = context.wait(context.settings())
    if file == "-":
        return read_stdin(context.stdin, most=_MOST, wait=wait, skip=None)
    return read_file(file, most=_MOST, wait=wait)
