"""What is known of a model and of an endpoint before it is asked: built in, kept from before, or looked up."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from avow.endpoint.transport import Patience, Transport
from avow.models import catalogue
from avow.wire.request import Endpoint

if TYPE_CHECKING:
    from avow.models.catalogue import Model

LOOK_UP_S = 10.0


class EndpointFacts(NamedTuple):
    """What is known of the endpoint at `base_url`. `cache` is the folder of what was learnt; None: nothing is kept
    (a named tuple: this is on the way to every answer)."""

    cache: Path | None
    base_url: str

    def model(self, name: str) -> "Model | None":
        """The facts on a model, without asking anyone."""
        if self.cache is None or not (self.cache / "models").exists():
            return catalogue.find(name)
        from avow.endpoint import listed_models

        return listed_models.find(self.cache, self.base_url, name, time.time())

    def allowed_fallbacks(self, name: str, endpoint: Endpoint, transport: Transport) -> tuple[str, ...]:
        """The models that the endpoint lets answer for this one; it is asked where that was not within a day."""
        from avow.endpoint import listed_models

        patience = Patience(LOOK_UP_S, LOOK_UP_S)
        return listed_models.allowed_fallbacks(
            self.cache, endpoint, name, lambda request: transport.send(request, patience), time.time()
        )

    def lacks_fallbacks(self, name: str) -> bool:
        """Whether the endpoint said within a day that it does not know `fallbacks` for this model."""
        if self.cache is None or not (self.cache / "endpoints.json").exists():
            return False
        from avow.endpoint import remembered

        return remembered.without_fallbacks(self.cache, self.base_url, name, time.time()) is not None

    def learn_lack_of_fallbacks(self, name: str) -> None:
        """Keep that for a day."""
        if self.cache is not None:
            from avow.endpoint import remembered

            remembered.remember_without_fallbacks(self.cache, self.base_url, name, time.time())
