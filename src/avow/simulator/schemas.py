"""What the API refuses in the JSON Schema of a structured answer."""

from collections.abc import Iterator


def complaints(schema: object, where: str) -> Iterator[str]:
    """What is wrong with a schema, or a list of schemas; `where` is its place in the request."""
    if isinstance(schema, list):
        for part in schema:
            yield from complaints(part, where)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        yield f"{where}: For 'object' type, 'additionalProperties' must be explicitly set to false"
    for name in (
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
    ):
        is_taken = name == "minItems" and schema.get(name) in (0, 1)
        if name in schema and not isinstance(schema[name], dict) and not is_taken:
            yield f"{where}: For '{schema.get('type')}' type, property '{name}' is not supported"
    properties = schema.get("properties")
    for part in properties.values() if isinstance(properties, dict) else ():
        yield from complaints(part, where)
    for name in ("items", "anyOf", "oneOf", "allOf"):
        yield from complaints(schema.get(name), where)
    for name in ("$defs", "definitions"):
        named = schema.get(name)
        yield from complaints(list(named.values()) if isinstance(named, dict) else None, where)
