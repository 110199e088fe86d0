"""The files that a run writes, held against all that it reads: none of those may be lost."""

from collections.abc import Mapping
from typing import NamedTuple

from avow.asking.apart import check_outputs
from avow.context import Context
from avow.errors import UsageError
from avow.files.opening import check_apart, is_written_to
from avow.paths import expanded
from avow.run.options import RunOptions
from avow.settings.levels import Settings


class Outputs(NamedTuple):
    """The files by the options that name them; those that are `there` hold something that could be lost."""

    written: Mapping[str, str | None]
    there: Mapping[str, str | None]

    @classmethod
    def of(cls, asked: RunOptions) -> "Outputs":
        """Those that the options name."""
        written = {"--out": asked.out, "--junit": asked.junit, "--summary": asked.summary}
        there = {option: path for option, path in written.items() if path and expanded(path).is_file()}
        return cls(written, there)

    def check(self, asked: RunOptions, context: Context, settings: Settings) -> None:
        """Raise UsageError if one of them, or stdout, is a file that the options name to be read."""
        prompts = None if asked.path == "-" else asked.path
        if prompts is not None and is_written_to(context.stdout, expanded(prompts)):
            raise UsageError(
                f"{prompts}: stdout is written to this file, and the answers would be read as prompts",
                hint="-O PATH, or > PATH, with another name",
            )
        read = (prompts, *asked.options.files, asked.options.system_file)
        check_outputs(self.written, context, settings, read, simulate=asked.options.simulate)
        # With --out nothing is printed there but to a terminal.
        check_apart({"--junit": asked.junit, "--summary": asked.summary}, (), streams={"stdout": context.stdout})

    def check_apart(self, path: str) -> None:
        """Raise UsageError if one of them is the file at `path`, which the file of prompts names."""
        if self.there:
            check_apart(self.there, (path,))
