"""Many prompts, one verdict each.

`records` read a file, `suite` makes inquiries of its items, `engine` asks them by several workers through one
`paced_transport`, which keeps to the `pace`, and within a `budget`; `order` puts what comes back in the file's order,
`counts` says how many were answered by the model asked for. Through the Message Batches API, `bulk` has `submit` send
what is to be asked, `collect` wait for it, and `batch_results` give the result of an item to the same engine.
"""
