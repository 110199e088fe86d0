"""The scenarios of other hosts than the API: gateways, relays and clouds, each with what is special to it."""

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
    _gateway("openrouter_switch", "OpenRouter answered with another model", reports="openai/gpt-6-astra", comments=True,
             fields=(("provider", "OpenAI"),)),
    _gateway("portkey", "Portkey: names the option that was used, but not the model", speaker="",
             headers=(("x-portkey-last-used-option-index", "config.targets[1]"),)),
    _gateway("cloudflare", "Cloudflare: names the step that was used, but not the model", speaker="",
             headers=(("cf-aig-step", "1"),)),
    _gateway("foundry", "Foundry: the field `model` has the name of a deployment", reports="my-claude-deployment",
             refuses="field", models="none"),
    _gateway("swallowing", "a relay that accepts any model name, and drops fields that it does not know",
             reports="{requested}", usage=False),
    _gateway("vllm", "vLLM: names the first model that it serves, whatever was asked for", reports="my-served-model",
             refuses="vllm", pings=False),
    _gateway("bedrock_beta", "400 for any beta flag, with the error of Bedrock", refuses="bedrock"),
    _gateway("bedrock_beta_aws", "the same, in the format of AWS", refuses="bedrock_aws"),
    _gateway("bedrock_beta_litellm", "the same, wrapped by LiteLLM", refuses="bedrock_litellm"),
    _gateway("bedrock_beta_operation", "the same, wrapped by an AWS client", refuses="bedrock_operation"),
    _gateway("fastapi", "422 for the unknown fields fallbacks and thinking", refuses="fastapi"),
    _gateway("no_thinking", "400: the endpoint does not know the thinking field", refuses="thinking"),
    _gateway("no_caching", "400: the endpoint does not know cache_control", refuses="caching"),
    _gateway("litellm_refused", "LiteLLM: a refusal, turned into a 400", error=_LITELLM_REFUSED),
    _gateway("litellm_swallows", "LiteLLM uses the field fallbacks itself: the model declines, no other is asked",
             hops=(PlayedHop(declines=True),), hands_over=False,
             headers=(("x-litellm-model-name", "anthropic/{requested}"), ("x-litellm-model-group", "{requested}"))),
    _gateway("openai_error", "400 in the format of OpenAI", error=HttpError(400, "", "", body=_OPENAI_ERROR)),
)  # fmt: skip
