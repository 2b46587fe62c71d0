"""L’instruction SQL d’une page de résultats, seule."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone

from tests.mesures.echantillon import jouer_sql, recherches, requete
from tests.mesures.lignes import Budget, Ligne, centile, duree_ms
from tests.mesures.reglages import Reglages

OFFRES = 25
PAR_PAGE_FILTRABLE = 10
# Le strict nécessaire : même carré, même index GiST, les premiers créneaux d’abord, et leurs cartes. Ni
# distance, ni groupe, ni totaux, ni relecture d’un premier créneau dépassé.
REFERENCE = """
    SELECT proche.lieu_id, proche.premier_debut, carte.document, carte.debuts, carte.fins, carte.masques,
        carte.fraicheurs, carte.lots
    FROM (
        SELECT o.lieu_id, o.premier_debut FROM agenda_offrelieu o
        WHERE o.position <@ box(point(%(ouest)s, %(sud)s), point(%(est)s, %(nord)s))
            AND o.specialite_id = ANY(%(specialites)s::smallint[])
        ORDER BY o.premier_debut, o.lieu_id LIMIT %(par_page)s
    ) proche
    JOIN agenda_cartelieu carte ON carte.lieu_id = proche.lieu_id
    ORDER BY proche.premier_debut, proche.lieu_id
"""


def recherche_sql(reglages: Reglages) -> Iterator[Ligne]:
    """L’une et l’autre alternent sur les mêmes communes, après un premier passage non compté."""
    maintenant = timezone.now()
    requetes = [
        requete(recherche.criteres, maintenant, par_page=OFFRES)
        for recherche in recherches(reglages.recherches)
    ]
    filtrables = [
        requete(recherche.criteres, maintenant, par_page=PAR_PAGE_FILTRABLE, facettes=True)
        for recherche in recherches(reglages.recherches)
    ]
    for (sql, parametres), filtrable in zip(requetes, filtrables, strict=True):
        jouer_sql(REFERENCE, parametres)
        jouer_sql(sql, parametres)
        jouer_sql(*filtrable)
    pages, planchers, facettes = [], [], []
    for (sql, parametres), filtrable in zip(requetes, filtrables, strict=True):
        planchers.append(duree_ms(jouer_sql, REFERENCE, parametres))
        pages.append(duree_ms(jouer_sql, sql, parametres))
        facettes.append(duree_ms(jouer_sql, *filtrable))
    for rang, maximum in ((50, 2.0), (95, 6.0)):
        yield Ligne(
            f"recherche_sql_p{rang}",
            centile(pages, rang),
            "ms",
            n=len(pages),
            plancher=centile(planchers, rang),
            budget=Budget(max=maximum, ratio_max=1.5),
        )
    # La page de qui ouvre les filtres : chaque valeur comptée sur toute la zone.
    for rang, maximum in ((50, 15.0), (95, 50.0)):
        yield Ligne(
            f"recherche_sql_filtres_p{rang}",
            centile(facettes, rang),
            "ms",
            n=len(facettes),
            plancher=centile(pages, rang),
            budget=Budget(max=maximum),
        )
