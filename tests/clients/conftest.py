"""What holds for every client."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="package", autouse=True)
def _compiled_once() -> Iterator[None]:
    """A client keeps its compiled modules, though avow's tests may leave none: half of its start is to compile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        yield
