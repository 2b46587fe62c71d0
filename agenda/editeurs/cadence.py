"""Quand interroger un lot, purement : la cadence étale les lots d’un éditeur sur sa période."""

from datetime import UTC, datetime, timedelta

_EPOQUE = datetime(1970, 1, 1, tzinfo=UTC)
_NOMBRE_D_OR = 0.6180339887498949


def prochaine_interrogation(maintenant: datetime, numero: int, periode_s: int) -> datetime:
    """Prochain passage du lot : une place fixe dans la période, à une demi-période d’ici au moins.

    La place suit le numéro et le nombre d’or : quels que soient leur nombre et
    leur ordre d’arrivée, les lots ne se suivent jamais en rafale.
    """
    place = timedelta(seconds=(numero * _NOMBRE_D_OR % 1) * periode_s)
    periode = timedelta(seconds=periode_s)
    au_plus_tot = maintenant + periode / 2
    tours = -((_EPOQUE + place - au_plus_tot) // periode)
    return _EPOQUE + place + tours * periode
