from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def par_lots(elements: Iterable[T], taille: int) -> Iterator[list[T]]:
    """Découpe un flux en listes de `taille` éléments ; la dernière peut être plus courte."""
    iterateur = iter(elements)
    while lot := list(islice(iterateur, taille)):
        yield lot
