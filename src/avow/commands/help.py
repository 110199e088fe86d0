"""`avow help`: the commands at a glance, or a topic."""

from avow.asking.typed import Typed
from avow.context import Context
from avow.errors import UsageError, nearest
from avow.exit_codes import ExitCode

OVERVIEW = """avow: ask Claude, and always know which model answered.

  avow "why is the sky blue"           ask
  git diff | avow "review this"        ask about what is piped in
  avow -f shot.png "what is wrong?"    ask about a file
  avow -c "and at night?"              continue the conversation
  avow why                             who answered, and the evidence
  avow --simulate fallback "hello"     try it without a key

Ask       ask  chat  retry  run
Look back why  history  scan  audit
Others    proxy  judge: answers that another program asks for
Set up    auth  config  template  models  doctor  completion
Try out   simulate
Read      help [TOPIC]

`avow COMMAND --help` lists a command's options, with their defaults in
`avow help config`; `avow --version` prints the version. A prompt that begins
with the name of a command goes after `--`: avow -- history of Rome
"""


def command(typed: Typed, context: Context) -> ExitCode:
    """Print what was asked for."""
    return run(typed.text("topic"), context)


def run(topic: str | None, context: Context) -> ExitCode:
    """Print the overview, or a topic. Raises UsageError for a topic there is not."""
    from avow.reference.topics import TOPICS
    from avow.terminal.fitted import fit
    from avow.terminal.table import definitions, room

    if topic is None:
        facts = context.screen.out_facts
        topics = definitions([(name, words) for name, (words, _text) in TOPICS.items()], room(facts), indent=2)
        context.screen.out(fit(f"{OVERVIEW}\nTopics\n", facts) + "".join(f"{line}\n" for line in topics))
        return ExitCode.OK
    if topic not in TOPICS:
        near = nearest(topic, TOPICS)
        hint = f"did you mean {near}?" if near else "topics: " + ", ".join(TOPICS)
        raise UsageError(f"there is no help on {topic!r}", hint=hint)
    context.screen.out(fit(TOPICS[topic][1](), context.screen.out_facts))
    return ExitCode.OK
