"""One item, checked field by field."""

import pytest

from avow.errors import UsageError
from avow.run.item import Item, item_of
from avow.run.records import ItemRecord


def test_an_item_says_what_its_fields_say() -> None:
    fields = {
        "id": 7,
        "prompt": "p",
        "system": "s",
        "model": "opus",
        "files": "a.txt",
        "vars": {"n": 1},
        "template": "t",
    }
    expected = Item(4, "7", "p", "s", "opus", ("a.txt",), "t", {"n": "1"})
    assert item_of(ItemRecord(4, fields), "f", template=None) == expected


def test_other_columns_are_variables_where_there_is_a_template() -> None:
    record = ItemRecord(2, {"prompt": "p"}, {"city": "Rome"})
    assert item_of(record, "f", template="t").variables == {"city": "Rome"}
    with pytest.raises(UsageError, match="f:1: there is no field `city`"):
        item_of(record, "f", template=None)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"promt": "x"}, "no field `promt`; did you mean prompt"),
        ({"prompt": 1}, "`prompt` must be a text"),
        ({"id": ""}, "`id` must be"),
        ({"id": True}, "`id` must be"),
        ({"model": " "}, "`model` is empty"),
        ({"files": [1]}, "`files` must be"),
        ({"files": ["-"]}, "stdin"),
        ({"vars": {"a": "b"}}, "`vars` needs a template"),
        ({"template": "t", "vars": {"a": []}}, "`vars.a` must be"),
        ({"repeat": 2}, "no field `repeat`"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        item_of(ItemRecord(3, fields), "f", template=None)
    assert caught.value.message.startswith("f:3: ")
    assert words in caught.value.message


@pytest.mark.parametrize("repeat", [0, -1, True, "2", 1_000_000])
def test_a_repeat_is_a_number(repeat: object) -> None:
    assert item_of(ItemRecord(1, {"repeat": 2}), "f", template=None, in_suite=True).repeat == 2
    with pytest.raises(UsageError, match="`repeat` must be"):
        item_of(ItemRecord(1, {"repeat": repeat}), "f", template=None, in_suite=True)
