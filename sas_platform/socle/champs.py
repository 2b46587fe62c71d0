"""Champs de PostgreSQL que Django ne connaît pas."""

from typing import Any, NamedTuple

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models


def periode(debut: str = "debut_le", fin: str = "fin_le") -> models.Func:
    """[debut, fin[ d’une ligne datée, pour une contrainte d’exclusion ; sans fin, elle ne finit pas."""
    return models.Func(debut, fin, function="tstzrange", output_field=DateTimeRangeField())


class Point(NamedTuple):
    """Coordonnées planes : `x` puis `y`, dans l’unité choisie par l’appelant."""

    x: float
    y: float


class PointField(models.Field):  # type: ignore[type-arg]
    """Type `point` natif : indexable par GiST dans tout PostgreSQL, sans extension."""

    description = "Point du plan"

    def db_type(self, connection: Any) -> str:
        return "point"

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Point | None:
        if value is None:
            return None
        x, y = value.strip("()").split(",")
        return Point(float(x), float(y))

    def get_prep_value(self, value: Point | None) -> str | None:
        return None if value is None else f"({value[0]!r},{value[1]!r})"
