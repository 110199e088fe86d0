"""Where a finished exchange goes apart from the screen and the history: the report's file, the clipboard."""

from collections.abc import Mapping

from avow.asking.ask import Outlet, is_withheld
from avow.asking.report import Report
from avow.exchange.exchange import Exchange, as_json
from avow.prompt.schema import extract
from avow.settings.levels import Settings


def to_report(report: Report) -> Outlet:
    """Writes the whole object, text included (`--report`)."""
    return lambda exchange: report.write(as_json(exchange))


def to_clipboard(settings: Settings, environ: Mapping[str, str]) -> Outlet:
    """Copies what is printed of the answer, and nothing that is withheld (`--copy`)."""
    from avow.terminal import clipboard  # deferred: a report has no need of it

    which = settings.text("extract")

    def copy(exchange: Exchange) -> str | None:
        if exchange.signal is not None or is_withheld(exchange, settings):
            return None
        printed = extract(exchange.text, which) if which else exchange.text
        return clipboard.copy(printed, environ) if printed else None

    return copy
