"""Who answered: the verdict on an exchange, with its evidence.

The rules of the verdict follow; a comment names the rule wherever the code carries it out. They were read from the
official SDK, the API's documentation and public reports of wrong verdicts. What gateways say is in `gateways`.

1.  A fallback answered where `usage.iterations` has a `fallback_message` and the stop reason is not `refusal`. A turn
    that the API sends straight to the fallback ("sticky") has no `fallback` block; a chain that declined to its end
    has a `fallback_message`, and nobody answered.
2.  A `fallback` block marks a hop that ran and declined. It is evidence alone too: a client may have spliced it in.
3.  In a stream the `model` of `message_start` is provisional; after a handover the last block's `to.model` is right.
4.  Several `message` entries of one model, `compaction` and `advisor_message` entries are not a reroute.
5.  The reason is `trigger.category` or `stop_details.category` alone. Null is legal, unknown values pass through.
6.  Fields that contradict a declared fallback do not undo it; all of them are listed as evidence.
7.  Say "answered by X", and nothing about the user's account or how capable a model is: the response does not say it.
8.  A name is weak evidence, because gateways rewrite it. It is enough while nothing contradicts it, and the routing
    fields of the API and the headers of a gateway outrank it.
9.  `recommended_model` names a fallback that could not be tried: a hop that was skipped.
10. What a decline costs is unknown: whether it is billed depends on its category.
11. Every place that names a model counts, wherever it stands and whatever overwrites it later. What declares a
    handover and names nobody is a fallback to an unknown model.
12. `message` entries may also be the fallback's earlier rounds. An entry without a model gets one from the blocks, its
    place in the chain, or the message; entries of two kinds are never added up as one hop.
13. A second `message_start` of another model in mid-answer: who wrote the text is unverified.
14. A response that names no model, with a header that only repeats the route asked for, says nothing.
15. An answer that is not whole is never as requested. After `message_stop` only an error still counts; a last event
    that lacks no more than its blank line counts as whole.
16. An unknown stop reason is shown and noted, and the answer counts as finished.
17. A thinking signature may name a model: weak evidence. Behind a gateway, another model's contradicts the response.
"""
