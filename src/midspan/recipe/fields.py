"""What all groups of a recipe's fields share."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Settings(BaseModel):
    """A group of recipe fields: unknown ones are an error, and nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Kind(Settings):
    """A group whose other fields are those of its `kind`: the room that knows the kind checks them, before any work."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: str

    @property
    def fields(self) -> dict[str, Any]:
        """The fields beside `kind`."""
        return dict(self.__pydantic_extra__ or {})


def _whole(value: Any) -> Any:
    """YAML reads 1.3e12 as a text and 1.3e+12 as a float: a whole number all the same."""
    if isinstance(value, str | float):
        try:
            number = float(value)
        except ValueError:
            return value
        return int(number) if number.is_integer() else value
    return value


def _by_weight(value: Any) -> Any:
    """One name alone stands for all the weight."""
    return {value: 1.0} if isinstance(value, str) else value


Fraction = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, BeforeValidator(_whole), Field(gt=0)]
Amount = Annotated[int, BeforeValidator(_whole), Field(ge=0)]
Weight = Annotated[float, Field(gt=0)]
Choice = TypeVar("Choice")
Shares = Annotated[dict[Choice, Weight], BeforeValidator(_by_weight), Field(min_length=1)]  # names and their weights
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
