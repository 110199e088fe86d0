"""The Message Batches API: requests out, batches and lines of results in."""

from collections.abc import Iterable, Iterator
from urllib.parse import quote

from avow.endpoint.transport import Api
from avow.errors import ExchangeError, StreamEnded
from avow.exchange.response import read_error
from avow.wire.batch import (
    PATH,
    BatchMark,
    BatchPage,
    BatchState,
    LineSplitter,
    mark_of,
    newer,
    page_of,
    path_of,
    results_at,
    state_of,
)
from avow.wire.failure import not_an_answer, rejected
from avow.wire.json_value import JsonObject, obj, parse
from avow.wire.request import LargeBody, Request

LONGEST_LINE = 64 * 1024 * 1024
_LONGEST = 16 * 1024 * 1024
_PER_PAGE = 100
_MOST_PAGES = 50


class BatchApi:
    """Asks the API. Every method raises ExchangeError where it is refused or cannot be reached; `elsewhere` is the
    foreign host that a batch named for its results."""

    def __init__(self, api: Api) -> None:
        self._api = api._replace(paced=None)  # its limits are not those of messages
        self.base_url = api.endpoint.base_url
        self.elsewhere: str | None = None

    def create(self, pieces: LargeBody, betas: Iterable[str]) -> BatchState:
        """Create a batch. An error may leave open whether it was created."""
        return self._state(self._api.endpoint.request("POST", PATH, betas=betas, pieces=pieces))

    def retrieve(self, batch_id: str) -> BatchState:
        """The state of a batch."""
        return self._state(self._api.endpoint.request("GET", path_of(batch_id)))

    def cancel(self, batch_id: str) -> BatchState:
        """Cancel the items of a batch that have not begun."""
        return self._state(self._api.endpoint.request("POST", path_of(batch_id, "cancel"), {}))

    def newest(self) -> BatchMark:
        """The newest batch of the workspace."""
        return mark_of(self._page("?limit=1"))

    def newer_than(self, mark: BatchMark) -> list[BatchState]:
        """The batches that were created after the mark, the newest first."""
        found: list[BatchState] = []
        query = f"?limit={_PER_PAGE}"
        for _number in range(_MOST_PAGES):
            page = self._page(query)
            some, is_all = newer(page.states, mark)
            found += some
            if is_all or not page.has_more:
                break
            query = f"?limit={_PER_PAGE}&after_id={quote(page.states[-1].id, safe='')}"
        return found

    def results(self, state: BatchState) -> Iterator[bytes]:
        """The lines of the results of a batch that has ended, from the base URL's own origin."""
        url, self.elsewhere = results_at(self.base_url, state)
        plain = self._api.endpoint.request("GET", path_of(state.id, "results"))
        request = Request(plain.method, url, plain.headers, hidden=plain.hidden)
        with self._api.send(request) as response:
            if response.status != 200:
                raise _refused(response.status, response.headers, read_error(response))
            lines = LineSplitter(LONGEST_LINE)
            for chunk in response.chunks():
                yield from lines.feed(chunk)
            yield lines.end()

    def _page(self, query: str) -> BatchPage:
        request = self._api.endpoint.request("GET", PATH + query)
        body, error = self._ask(request)
        page = page_of(body)
        if page is None:
            raise error
        return page

    def _state(self, request: Request) -> BatchState:
        body, error = self._ask(request)
        state = state_of(body)
        if state is None:
            raise error
        return state

    def _ask(self, request: Request) -> tuple[JsonObject, ExchangeError]:
        """The object in the response, and the error to raise where it is not what was asked for."""
        with self._api.send(request) as response:
            if response.status >= 400:
                raise _refused(response.status, response.headers, read_error(response))
            try:
                data = response.read(_LONGEST)
            except StreamEnded as error:
                error.exit_code = rejected(500, {}, b"").exit_code
                raise
            kind = response.headers.get("content-type", "")
            wrong = not_an_answer(response.status, kind, data, response.headers.get("request-id"))
            try:
                return obj(parse(data)), wrong
            except ValueError:
                raise wrong from None


def _refused(status: int, headers: dict[str, str], data: bytes) -> ExchangeError:
    error = rejected(status, headers, data)
    if status in (404, 405) and "batch" not in error.message.lower().replace(PATH, ""):
        error.hint = "this endpoint may not offer the Message Batches API; leave --batch out"
    return error
