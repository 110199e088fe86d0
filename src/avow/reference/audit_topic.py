"""`avow help audit`: what an audit can find, what it cannot, and how to read its result."""

TEXT = """Have the answers under a name changed?

Every answer of the API says which model wrote it, and avow tells you on every
question. A change that nobody declares does not show there. It can only show,
if at all, in how answers are distributed. `avow audit` measures that, with a
stated chance of being wrong.

  avow audit baseline -m MODEL   20 replies; call it on three different days
  avow audit run                 20 more, at any later time, and the test
  avow audit run --against OTHER the same, held against a model you can ask
  avow audit list, show          looks used; every reply with its request id
  avow audit show --record > audit.json
  avow audit verify audit.json   anyone computes the result again, offline
  avow audit demo                see it work, without a key
  avow audit endpoint            what a gateway passes on and what it makes up

How it works. A card is a short prompt that asks for one line of six picks: a
number, a colour, a city, heads or tails. Each model has habits in what it
picks. Four cards, five replies to each, are compared with the 15 replies a card
of the baseline by shuffling whole replies 9,999 times. p is the share of
shuffles that differ as much as what was seen: the chance of such a difference
if nothing changed. Excess TV is how large it is, from 0 (none) to 1 (nothing in
common). A look says "differs" only if p is small enough, twenty more replies
differ as well, and both together reach the floor: .10, or more where your own
sittings differed more among themselves.

How often it is wrong. The looks are planned with the baseline (--looks, default
13); all of them together raise a false alarm in at most 5 of 100 audits in
which nothing changed. In 2,000 simulated ones there was none.

What it finds. If all replies came from a model as different as two unrelated
ones, a look sees it in 99 of 100 cases; half of the replies in about a third;
a sixth hardly ever. Every result says what it would have seen.

What it cannot find.
  - Prompts that trigger a policy. The cards trigger none, so a model that is
    changed only where a safeguard acts looks the same here. A clean audit says
    nothing about such prompts.
  - Anything that was already so when the baseline was taken.
  - Small shares and small shifts.
  - Someone who recognises the cards and answers them as before. Cards of your
    own (--cards SEED) are harder to recognise; they stay on your machine.

What "differs" does not mean. It names no cause. A new snapshot, another
default, a hidden prompt, a safety measure, other hardware, a gateway, or
another version of avow look the same. It does not mean that another model
answered, that answers are worse, or that anyone intended it. "Resembling
OTHER: 40%" is about the picks; it does not say who served them.

What "no difference" does not mean. It is not a proof that nothing changed, and
says nothing about identity. Replies that the response itself declares to be
another model's, or refused, are counted apart as facts, without statistics.

Exit status: 0 no difference, 15 differs, 2 void (model, effort, betas, base URL
or version are not as they were) or nothing to do, 13 or 11 too few replies,
12 a reply named another model undeclared, 3 to 7 as for a question. A call that
ends early is continued by the next one, and nothing is asked twice.

What is kept: the record of an audit is a file in the folder `audits` beside the
history. It holds each reply, request id, seed and card, and no key.
"""
