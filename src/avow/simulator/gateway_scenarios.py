"""The scenarios of hosts that are not the API's: gateways, relays and clouds, each with its habits."""

from functools import partial

from avow.simulator.form import dump
from avow.simulator.script import HttpError, PlayedHop, Scenario

_gateway = partial(Scenario, own_headers=False, models="openai")

_OPENAI_ERROR = (
    b'{"error":{"message":"Budget has been exceeded for this team","type":"budget_exceeded","param":null,"code":"400"}}'
)

# As LiteLLM 1.108.7 answers a streamed refusal of a request with fallbacks.
_LITELLM_REFUSED = HttpError(400, "", "", body=dump({"type": "error", "error": {
    "type": "invalid_request_error",
    "message": "litellm.BadRequestError: litellm.ContentPolicyViolationError: Anthropic safeguard refusal (category: "
    "cyber).\nmodel=claude. content_policy_fallback=None. fallbacks=default.\n\nSet 'content_policy_fallback' - "
    "https://docs.litellm.ai/docs/routing#fallbacks\n\nLiteLLM: model group 'claude' failed with the error above. "
    "Fallback to t also failed: litellm.BadRequestError: You passed in model=t.",
}}))  # fmt: skip

GATEWAYS = (
    _gateway("litellm", "LiteLLM: served by the model asked for",
             headers=(("x-litellm-model-name", "anthropic/{requested}"), ("x-litellm-model-group", "{requested}"),
                      ("x-litellm-attempted-fallbacks", "0"))),
    _gateway("litellm_fallback", "LiteLLM fell back; the body keeps the old name", reports="{requested}",
             speaker="{fallback}",
             headers=(("x-litellm-model-name", "anthropic/{fallback}"), ("x-litellm-model-group", "{fallback}"),
                      ("x-litellm-attempted-fallbacks", "1"))),
    _gateway("bifrost", "Bifrost: served by the model asked for",
             headers=(("x-bifrost-routing-info-model", "{requested}"),
                      ("x-bifrost-routing-info-primary-model", "{requested}"),
                      ("x-bifrost-routing-info-is-fallback", "false"))),
    _gateway("bifrost_fallback", "Bifrost fell back; the body keeps the old name", reports="{requested}",
             speaker="{fallback}",
             headers=(("x-bifrost-routing-info-model", "{fallback}"),
                      ("x-bifrost-routing-info-primary-model", "{requested}"),
                      ("x-bifrost-routing-info-is-fallback", "true"))),
    _gateway("ngrok", "ngrok: served by the model asked for",
             headers=(("Ngrok-AIG-Model", "{requested}"), ("Ngrok-AIG-Attempts", "1"))),
    _gateway("ngrok_switch", "ngrok names another model in its headers", reports="{requested}",
             speaker="{fallback}",
             headers=(("Ngrok-AIG-Model", "{fallback}"), ("Ngrok-AIG-Attempts", "2"))),
    _gateway("openrouter", "OpenRouter: served by the model asked for", reports="{slashed}", comments=True,
             fields=(("provider", "Anthropic"),)),
    _gateway("openrouter_switch", "OpenRouter went to another model", reports="openai/gpt-6-astra", comments=True,
             fields=(("provider", "OpenAI"),)),
    _gateway("portkey", "Portkey: says which option, not which model", speaker="",
             headers=(("x-portkey-last-used-option-index", "config.targets[1]"),)),
    _gateway("cloudflare", "Cloudflare: says which step, not which model", speaker="",
             headers=(("cf-aig-step", "1"),)),
    _gateway("foundry", "Foundry: the model field is a deployment's name", reports="my-claude-deployment",
             refuses="field", models="none"),
    _gateway("swallowing", "a relay that answers under any name, and drops what it does not know",
             reports="{requested}", usage=False),
    _gateway("vllm", "vLLM: the first served name, whatever was asked", reports="my-served-model",
             refuses="vllm", pings=False),
    _gateway("bedrock_beta", "400 for any beta flag, as Bedrock says it", refuses="bedrock"),
    _gateway("bedrock_beta_aws", "the same in the shape of AWS", refuses="bedrock_aws"),
    _gateway("bedrock_beta_litellm", "the same, wrapped by LiteLLM", refuses="bedrock_litellm"),
    _gateway("bedrock_beta_operation", "the same, wrapped by a client of AWS", refuses="bedrock_operation"),
    _gateway("fastapi", "422 for fields it does not know: fallbacks, thinking", refuses="fastapi"),
    _gateway("no_thinking", "400: the endpoint does not know the thinking field", refuses="thinking"),
    _gateway("no_caching", "400: the endpoint does not know marks for the cache", refuses="caching"),
    _gateway("litellm_refused", "LiteLLM: a refusal, wrapped into a 400 of its own", error=_LITELLM_REFUSED),
    _gateway("litellm_swallows", "LiteLLM takes fallbacks for itself: the model declines, none follows",
             hops=(PlayedHop(declines=True),), hands_over=False,
             headers=(("x-litellm-model-name", "anthropic/{requested}"), ("x-litellm-model-group", "{requested}"))),
    _gateway("openai_error", "400 in the shape of OpenAI", error=HttpError(400, "", "", body=_OPENAI_ERROR)),
)  # fmt: skip
