"""Ouvrir un planning entier : ce qui manque à chaque agenda, et rien deux fois."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from agenda.domaine.edition import a_venir
from agenda.domaine.saisie import Saisie, regles
from agenda.models import Disponibilite
from agenda.saisie.actions import disponibilite_de, verifier
from agenda.saisie.journal import geste
from annuaire.models import LieuExercice
from comptes.models import Compte

_SEMAINE = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class AOuvrir:
    """Ce qu’un planning ajouterait en chaque lieu ; `deja` : ce qui y est à l’identique, et n’est pas ajouté."""

    nouvelles: dict[LieuExercice, list[Disponibilite]]
    deja: int

    @property
    def nombre(self) -> int:
        return sum(len(lignes) for lignes in self.nouvelles.values())


def preparer(par_lieu: Mapping[LieuExercice, Sequence[Saisie]], *, maintenant: datetime) -> AOuvrir:
    """Compare ces saisies aux agendas, sans rien écrire ; une requête. Lève `SaisieRefusee`."""
    ouvertes = _ouvertes(par_lieu)
    nouvelles: dict[LieuExercice, list[Disponibilite]] = {}
    deja = 0
    for lieu, saisies in par_lieu.items():
        fuseau = ZoneInfo(lieu.fuseau)
        for saisie in saisies:
            verifier(saisie, maintenant, fuseau)
            for regle in regles(saisie, fuseau):
                ligne = disponibilite_de(lieu, a_venir(regle, maintenant), saisie)
                if any(_couvre(ouverte, ligne) for ouverte in ouvertes[_forme(ligne)]):
                    deja += 1
                else:
                    nouvelles.setdefault(lieu, []).append(ligne)
    return AOuvrir(nouvelles, deja)


def ouvrir_en_lot(
    *,
    lieu: LieuExercice,
    lignes: Sequence[Disponibilite],
    libelle: str,
    auteur: Compte,
    maintenant: datetime,
    groupe: UUID,
) -> int:
    """Ouvre ce que `preparer` a trouvé pour ce lieu ; rend le numéro du geste."""
    with geste(lieu=lieu, libelle=libelle, auteur=auteur, maintenant=maintenant, groupe=groupe) as journal:
        journal.creer_en_lot(lignes)
    return journal.geste_id


def _ouvertes(par_lieu: Mapping[LieuExercice, object]) -> dict[tuple[object, ...], list[Disponibilite]]:
    par_forme: dict[tuple[object, ...], list[Disponibilite]] = defaultdict(list)
    for ligne in Disponibilite.objects.filter(lieu__in=list(par_lieu)).order_by("pk"):
        par_forme[_forme(ligne)].append(ligne)
    return par_forme


def _forme(ligne: Disponibilite) -> tuple[object, ...]:
    """Tout ce que deux disponibilités identiques ont de commun, le premier jour d’une série mis à part."""
    return (
        ligne.lieu_id,
        ligne.genre,
        ligne.capacite,
        tuple(sorted(ligne.modalites)),
        ligne.heure_debut,
        ligne.heure_fin,
        tuple(sorted(ligne.jours)),
        ligne.toutes_les_n_semaines,
        ligne.dernier_jour if ligne.jours else ligne.premier_jour,
    )


def _couvre(ouverte: Disponibilite, ligne: Disponibilite) -> bool:
    """Vrai si `ligne`, de même forme, n’ajouterait rien.

    D’une série déjà ouverte, les jours ôtés l’ont été exprès : ils ne la font
    pas rouvrir.
    """
    if not ligne.jours:
        return ligne.premier_jour not in ouverte.sauf
    if ouverte.premier_jour > ligne.premier_jour:
        return False
    lundis = [d.premier_jour - timedelta(days=d.premier_jour.weekday()) for d in (ouverte, ligne)]
    return (lundis[1] - lundis[0]) // _SEMAINE % ligne.toutes_les_n_semaines == 0
