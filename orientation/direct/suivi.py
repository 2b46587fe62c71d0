"""Ce qui a changé des cartes d’une page, depuis ce qu’elle en montre."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils import timezone

from agenda import actualisation
from agenda.actualisation import LotMontre
from comptes.models import Compte
from orientation import rendu
from orientation.carnet import Recherche
from orientation.lectures import rechercher
from orientation.suivi.lectures import signaux
from sas_platform.socle.francais import heure

RETIREE = "00000000"
_PLUS_PROPOSEE = '<p class="sas-carte__vide">Cette offre n’est plus proposée.</p>'


def heure_de(maintenant: datetime) -> str:
    """L’heure, chez qui régule, à laquelle la page a été comparée."""
    return heure(timezone.localtime(maintenant))


@dataclass(slots=True)
class Suivi:
    """Une page ouverte. `vus` : version de chaque lieu montré, dans l’ordre de la page ; tenu à jour par `changees`."""

    recherche: Recherche
    jeton: str
    page: int
    par_page: int
    vus: dict[int, str]
    oriente: bool
    oriente_en_sus: bool
    compte: Compte
    lots: list[LotMontre] = field(init=False)
    retires: set[int] = field(init=False)

    def __post_init__(self) -> None:
        self.lots = actualisation.lots_montres(list(self.vus))
        self.retires = {lieu_id for lieu_id, version in self.vus.items() if version == RETIREE}

    def changees(self, maintenant: datetime) -> list[dict[str, str]]:
        """Cartes dont le HTML n’est plus celui de la page, telles que la page les écrirait maintenant.

        Les lieux sont cherchés dans la zone de la recherche : un numéro d’ailleurs ne
        rend rien. Une carte qui a quitté l’offre est rendue vide de créneaux.
        """
        demandes = self.recherche.criteres(self._qui)
        if not demandes.demande_un_creneau:
            demandes = replace(demandes, modalites=(), delais=())
        criteres = replace(
            demandes,
            specialite_ids=(),
            noms="",
            disponibilite="toutes",
            regroupees=(),
            lieu_ids=tuple(self.vus),
        )
        lus = rechercher(criteres, maintenant=maintenant, par_page=len(self.vus))
        dits: Mapping[int, tuple[str, ...]] = {}
        if self.oriente:
            dits = signaux(list(self.vus), compte_id=self.compte.pk, maintenant=maintenant)
        changees = []
        for carte in rendu.cartes(lus.offres, maintenant=maintenant, jeton=self.jeton, oriente=self.oriente):
            mobile = rendu.mobile(carte, dits.get(carte.lieu_id, ()), oriente_en_sus=self.oriente_en_sus)
            if self.vus[carte.lieu_id] != mobile.version:
                self.vus[carte.lieu_id] = mobile.version
                changees.append(
                    {
                        "ancre": carte.ancre,
                        "version": mobile.version,
                        "agenda": mobile.agenda,
                        "raison": mobile.raison,
                    }
                )
        connus = {*lus.lieu_ids, *self.retires}
        return changees + [self._retiree(lieu_id) for lieu_id in self.vus if lieu_id not in connus]

    @property
    def _qui(self) -> int | None:
        """Qui peut tenir une place, et la voit libre."""
        return self.compte.pk if self.oriente else None

    def _retiree(self, lieu_id: int) -> dict[str, str]:
        self.retires.add(lieu_id)
        self.vus[lieu_id] = RETIREE
        return {"ancre": f"offre-l{lieu_id}", "version": RETIREE, "agenda": _PLUS_PROPOSEE, "raison": ""}

    def bilan(self, maintenant: datetime) -> dict[str, Any]:
        """Où en est la page : ce qu’on attend encore, qui n’a pas répondu, et si l’ordre de la liste a changé."""
        attendus = actualisation.en_cours(self.lots)
        return {
            "a": heure_de(maintenant),
            "en_cours": bool(attendus),
            "sans_reponse": [] if attendus else actualisation.sans_reponse(self.lots),
            "ordre_change": self._ordre_change(maintenant),
        }

    def _ordre_change(self, maintenant: datetime) -> bool:
        lus = rechercher(
            self.recherche.criteres(self._qui),
            maintenant=maintenant,
            page=self.page,
            par_page=self.par_page,
        )
        return lus.lieu_ids != list(self.vus)
