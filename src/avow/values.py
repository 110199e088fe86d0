"""Named tuples that are quick to define: an answer defines eighty, for which `typing` takes 15 ms."""

import sys
from typing import TYPE_CHECKING, Any

__all__ = ["NamedTuple"]

if TYPE_CHECKING or sys.version_info >= (3, 14):  # there a class does not know its annotations while it is made
    from typing import NamedTuple
else:
    from collections import _tuplegetter

    _NO_DEFAULTS: dict[str, Any] = {}

    class _Values(tuple):
        """What a named tuple can do, as `collections.namedtuple` has it, without a `__new__` of each class's own."""

        __slots__ = ()
        _fields = ()
        _field_defaults = _NO_DEFAULTS

        def __new__(cls, *values, **named):
            if named or len(values) != len(cls._fields):
                values = _complete(cls, values, named)
            return tuple.__new__(cls, values)

        @classmethod
        def _make(cls, values):
            made = tuple.__new__(cls, values)
            if len(made) != len(cls._fields):
                raise TypeError(f"Expected {len(cls._fields)} arguments, got {len(made)}")
            return made

        def _replace(self, /, **named):
            made = self._make(map(named.pop, self._fields, self))
            if named:
                raise ValueError(f"Got unexpected field names: {list(named)!r}")
            return made

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self):
            inner = ", ".join(f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True))
            return f"{type(self).__name__}({inner})"

        def __getnewargs__(self):
            return tuple(self)

    def _complete(cls, values, named):
        """All values of a new `cls`, in order."""
        fields, defaults = cls._fields, cls._field_defaults
        if len(values) > len(fields):
            raise TypeError(f"{cls.__name__}() takes {len(fields)} values, and got {len(values)}")
        found = list(values)
        for name in fields[len(values) :]:
            if name in named:
                found.append(named.pop(name))
            elif name in defaults:
                found.append(defaults[name])
            else:
                raise TypeError(f"{cls.__name__}() misses the value {name!r}")
        if named:
            raise TypeError(f"{cls.__name__}() takes no value {next(iter(named))!r}, or has it already")
        return found

    class _Maker(type):
        """Makes a class whose body names its fields; what comes out is of no special type itself."""

        def __new__(cls, name, _bases, body):
            fields = tuple(body.get("__annotations__", ()))
            defaults = {field: body[field] for field in fields if field in body}
            for index, field in enumerate(fields):
                body[field] = _tuplegetter(index, None)
            body.update(__slots__=(), _fields=fields, __match_args__=fields, _field_defaults=defaults)
            return type(name, (_Values,), body)

    NamedTuple = type.__new__(_Maker, "NamedTuple", (), {})
