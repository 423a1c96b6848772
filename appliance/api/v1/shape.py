"""What every shape of the interface is: a model whose description is worked out once."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel


class Shape(BaseModel):
    """A body, an answer, a path or a query.

    One shape stands in many operations (`Problem` in nearly all), and each asks for its schema:
    of a start's second, two thirds were spent on schemas that had been made before.
    """

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """See pydantic. The answer is shared: nobody may change it."""
        return _schema(cls, args, tuple(kwargs.items()))


@cache
def _schema(
    shape: type[Shape], args: tuple[Any, ...], kwargs: tuple[tuple[str, Any], ...]
) -> dict[str, Any]:
    return super(Shape, shape).model_json_schema(*args, **dict(kwargs))
