"""What is known before asking: the built-in data, what the API said within a day, and what it turned out to lack."""

import time
from pathlib import Path

import pytest

from avow.endpoint import listed_models, remembered
from avow.endpoint.credential import Credential
from avow.endpoint.facts import EndpointFacts
from avow.endpoint.transport import Transport
from avow.models import catalogue
from avow.simulator.server import Simulator
from avow.wire.request import Endpoint

URL = "https://gateway.example"
MODEL = "claude-fable-5"


def kept(cache: Path) -> None:
    """Keep a list in which the model has another output size than in the built-in data."""
    said = {"id": MODEL, "max_input_tokens": 8765, "max_tokens": 4321}
    listed_models.keep(cache, listed_models.ListedModels(URL, time.time(), (said,)))


@pytest.mark.parametrize("cache", [None, Path("/nowhere")], ids=["nothing is kept", "nothing was kept yet"])
def test_the_built_in_data_where_nothing_was_said(cache: Path | None) -> None:
    assert EndpointFacts(cache, URL).model(MODEL) == catalogue.find(MODEL)
    assert EndpointFacts(cache, URL).model("no-such-model") is None


def test_what_the_api_said_outranks_it(tmp_path: Path) -> None:
    kept(tmp_path)
    here, elsewhere = (
        EndpointFacts(tmp_path, URL).model(MODEL),
        EndpointFacts(tmp_path, "https://other.example").model(MODEL),
    )
    assert here is not None
    assert here.max_output == 4321
    assert elsewhere == catalogue.find(MODEL)


def test_who_may_answer_is_looked_up_once(tmp_path: Path) -> None:
    transport = Transport(Credential("sk-ant-api-x"))
    with Simulator() as api:
        knowledge = EndpointFacts(tmp_path, api.base_url)
        first = knowledge.allowed_fallbacks(MODEL, Endpoint(api.base_url), transport)
        asked = len(api.requests)
        assert first == knowledge.allowed_fallbacks(MODEL, Endpoint(api.base_url), transport)
        assert len(api.requests) == asked == 1
    transport.close()
    assert "claude-opus-4-8" in first


def test_what_it_lacks_is_known_for_a_day(tmp_path: Path) -> None:
    knowledge = EndpointFacts(tmp_path, URL)
    assert not knowledge.lacks_fallbacks(MODEL)
    knowledge.learn_lack_of_fallbacks(MODEL)
    assert knowledge.lacks_fallbacks(MODEL)
    assert not knowledge.lacks_fallbacks("another-model")
    assert not EndpointFacts(tmp_path, "https://other.example").lacks_fallbacks(MODEL)
    remembered.remember_without_fallbacks(tmp_path, URL, MODEL, time.time() - 25 * 3600)
    assert not knowledge.lacks_fallbacks(MODEL)


def test_nothing_is_learnt_without_a_folder() -> None:
    knowledge = EndpointFacts(None, URL)
    knowledge.learn_lack_of_fallbacks(MODEL)
    assert not knowledge.lacks_fallbacks(MODEL)
