"""The official SDK's types as pydantic checks them, imported when a test first asks: that takes seconds."""

from functools import cache
from typing import Any


@cache
def block() -> Any:
    """What checks a content block of a request."""
    from anthropic.types import ContentBlockParam
    from pydantic import TypeAdapter

    return TypeAdapter(ContentBlockParam)


@cache
def message() -> Any:
    """What checks a message of a request; it looks at the blocks only as somebody goes through them."""
    from anthropic.types import MessageParam
    from pydantic import TypeAdapter

    return TypeAdapter(MessageParam)


@cache
def beta_message() -> Any:
    """The same for requests of the beta."""
    from anthropic.types.beta import BetaMessageParam
    from pydantic import TypeAdapter

    return TypeAdapter(BetaMessageParam)
