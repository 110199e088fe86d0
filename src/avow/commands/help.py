"""`avow help`: the commands at a glance, a topic, or a command."""

from collections.abc import Sequence

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
Read      help [TOPIC or COMMAND]

`avow COMMAND --help` lists a command's options, with their defaults in
`avow help config`; `avow --version` prints the version. A prompt that begins
with the name of a command goes after `--`: avow -- history of Rome
"""


def command(typed: Typed, context: Context) -> ExitCode:
    """Print what was asked for."""
    return run(typed.words("topic"), context)


def run(words: Sequence[str], context: Context) -> ExitCode:
    """Print the overview, a topic, or a command's page. Raises UsageError where the words name neither."""
    from avow.commands.declared import TREE
    from avow.reference import help_page
    from avow.reference.topics import TOPICS
    from avow.terminal.fitted import fit
    from avow.terminal.table import definitions, room

    facts = context.screen.out_facts
    if not words:
        topics = definitions([(name, words) for name, (words, _text) in TOPICS.items()], room(facts), indent=2)
        context.screen.out(fit(f"{OVERVIEW}\nTopics\n", facts) + "".join(f"{line}\n" for line in topics))
        return ExitCode.OK
    name = " ".join(words)
    commands = {" ".join(one.path): one for one in TREE.all() if one.path}
    if name in TOPICS:
        context.screen.out(fit(TOPICS[name][1](), facts))
    elif name in commands:
        context.screen.out(help_page.page(commands[name], facts.width))
    else:
        near = nearest(name, (*TOPICS, *commands))
        hint = f"did you mean {near}?" if near else "`avow help` lists the commands and the topics"
        if len(words) > 1 and not near:
            import shlex

            hint = f"to send these words as a prompt: avow -- help {shlex.join(words)}"
        raise UsageError(f"there is no help on {name!r}", hint=hint)
    return ExitCode.OK
