"""The options that `ask`, `chat` and `retry` share, each declared once."""

from typing import Annotated, Any

import typer

from avow.asking.typed import Options as Options
from avow.asking.typed import options_from as options_from

REQUEST = "Model and request"
WHAT = "What is asked"
WHO = "Who may answer"
PRINTED = "What is printed"
INSTEAD = "Instead of asking"
NETWORK = "Connection"


def _option(panel: str, words: str, *names: str, metavar: str | None = None, **rest: Any) -> Any:
    return typer.Option(*names, help=words, metavar=metavar, rich_help_panel=panel, show_default=False, **rest)


Text = str | None
Words = list[str] | None

Model = Annotated[Text, _option(REQUEST, "Model or alias.", "-m", "--model", metavar="ID")]
MaxTokens = Annotated[int | None, _option(REQUEST, "The most tokens of an answer.", "--max-tokens", min=1)]
Effort = Annotated[Text, _option(REQUEST, "How hard to think.", "--effort", metavar="low|medium|high|xhigh|max")]
Stop = Annotated[Words, _option(REQUEST, "Stop at this text (repeatable).", "--stop", metavar="TEXT")]
Speed = Annotated[Text, _option(REQUEST, "How fast.", "--speed", metavar="standard|fast")]
Fields = Annotated[Words, _option(REQUEST, "Any other field of the body.", "-o", metavar="KEY=JSON")]
Schema = Annotated[Text, _option(REQUEST, "The answer must fit this JSON Schema.", "--schema", metavar="PATH")]

System = Annotated[Text, _option(WHAT, "System prompt.", "-s", "--system", metavar="TEXT")]
SystemFile = Annotated[Text, _option(WHAT, "System prompt from a file.", "--system-file", metavar="PATH")]
Files = Annotated[Words, _option(WHAT, "Attach a file, - for stdin, or a URL.", "-f", "--file", metavar="PATH")]
NoStdin = Annotated[bool, _option(WHAT, "Leave stdin alone.", "--no-stdin")]
Template = Annotated[Text, _option(WHAT, "A saved prompt.", "-t", "--template", metavar="NAME")]
Variables = Annotated[Words, _option(WHAT, "A template's variable.", "-p", metavar="KEY=VALUE")]
Continue = Annotated[bool, _option(WHAT, "Go on with the last conversation.", "-c", "--continue")]
Conversation = Annotated[Text, _option(WHAT, "Go on with that conversation.", "--conversation", metavar="ID")]

Fallback = Annotated[
    Text, _option(WHO, "What may answer if the model declines.", "--fallback", metavar="default|none|MODEL[,…]")
]
FallbackBy = Annotated[
    Text, _option(WHO, "Who falls back: the API, or avow.", "--fallback-by", metavar="server|client")
]
IfUnavailable = Annotated[
    Text, _option(WHO, "What to ask when a model cannot be had.", "--if-unavailable", metavar="MODEL[,…]")
]
AcceptFallback = Annotated[bool, _option(WHO, "Exit 0 when a declared fallback answered.", "--accept-fallback")]
Hold = Annotated[bool, _option(WHO, "Withhold the answer unless the exit status is 0.", "--hold")]

Output = Annotated[Text, _option(PRINTED, "Form of the output.", "--output", metavar="text|json|jsonl")]
AsJson = Annotated[bool, _option(PRINTED, "The same as --output json.", "--json")]
Report = Annotated[Text, _option(PRINTED, "Write the JSON object there too.", "--report", metavar="PATH|fd:N")]
Raw = Annotated[bool, _option(PRINTED, "Never render Markdown.", "--raw")]
Markdown = Annotated[bool, _option(PRINTED, "Always render Markdown.", "--markdown")]
Extract = Annotated[bool, _option(PRINTED, "Print only the first fenced code block.", "-x", "--extract")]
ExtractLast = Annotated[bool, _option(PRINTED, "Print only the last one.", "--extract-last")]
ShowThinking = Annotated[bool, _option(PRINTED, "Thinking summaries, on stderr.", "--show-thinking")]
Quiet = Annotated[bool, _option(PRINTED, "No notes; facts and errors stay.", "-q", "--quiet")]
Verbose = Annotated[bool, _option(PRINTED, "Say more on stderr.", "--verbose")]
Color = Annotated[Text, _option(PRINTED, "Colours.", "--color", metavar="auto|always|never")]
Plain = Annotated[bool, _option(PRINTED, "No boxes and no animation.", "--plain")]

Count = Annotated[bool, _option(INSTEAD, "Print the number of input tokens.", "--count")]
DryRun = Annotated[Text, _option(INSTEAD, "Print the request, send nothing.", "--dry-run", metavar="[=curl]")]
Simulate = Annotated[Text, _option(INSTEAD, "Let the built-in stand-in answer.", "--simulate", metavar="SCENARIO")]

Timeout = Annotated[float | None, _option(NETWORK, "How long the API may stay silent.", "--timeout", metavar="SECONDS")]
Deadline = Annotated[float | None, _option(NETWORK, "For all of it.", "--deadline", metavar="SECONDS")]
Retries = Annotated[int | None, _option(NETWORK, "How often to ask again (2).", "--retries", min=0, metavar="N")]
NoStream = Annotated[bool, _option(NETWORK, "One response instead of a stream.", "--no-stream")]
NoHistory = Annotated[bool, _option(NETWORK, "Do not keep this exchange.", "--no-history")]
Profile = Annotated[Text, _option(NETWORK, "A profile of the config.", "--profile", metavar="NAME")]
AuthStyle = Annotated[Text, _option(NETWORK, "How the key is sent.", "--auth-style", metavar="x-api-key|bearer")]
ApiVersion = Annotated[Text, _option(NETWORK, "The anthropic-version header.", "--api-version", metavar="DATE")]
Headers = Annotated[Words, _option(NETWORK, "One more header.", "--header", metavar="NAME:VALUE")]
