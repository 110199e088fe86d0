"""A simulator of the Messages API on loopback: real HTTP, no key, no network. Shares no code with the client."""
