"""A prompt that is written in an editor; what was written is not lost where it is not sent."""

from collections.abc import Iterator
from contextlib import contextmanager

from avow.context import Context
from avow.errors import AvowError, Interrupted, UsageError
from avow.files.reading import read_text
from avow.prompt.limits import REQUEST
from avow.terminal.editor import written
from avow.text.blanks import is_blank


@contextmanager
def draft(text: str, context: Context) -> Iterator[str]:
    """The prompt as the editor left it; the editor begins with `text`.

    Raises UsageError where the prompt is blank: nothing is sent then. If the question cannot be asked, or a signal ends
    it, the file stays, and a note says where it is.
    """
    path = written(text, context.environ)
    try:
        prompt = read_text(str(path), "the edited prompt", most=REQUEST, wait=context.wait(context.settings()))
        if is_blank(prompt):
            path.unlink()
            raise UsageError("nothing was written in the editor, so nothing was sent")
        yield prompt
        path.unlink(missing_ok=True)
    except (AvowError, Interrupted):
        if path.exists() and path.read_bytes().strip():
            context.screen.note(f"what you wrote is in {path}")
        raise
