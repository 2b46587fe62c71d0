"""Créer et modifier les territoires, changer leurs rayons de recherche."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from annuaire.models import RayonTerritoire, Territoire
from comptes.actions import tracer
from comptes.models import Compte

CHAMPS = (
    "nom",
    "ouvert_date",
    "ferme_date",
    "courriel_gestionnaires",
    "courriel_referents",
    "samu",
    "fournisseur_identite",
)


class ModifieEntreTemps(Exception):
    """Une autre personne a enregistré depuis que ce formulaire est ouvert."""

    def __init__(self) -> None:
        super().__init__(
            "Une autre personne a modifié ces informations entre-temps. Rien n’est enregistré : "
            "rouvrez la page pour voir sa version, puis reprenez vos changements."
        )


@transaction.atomic
def enregistrer(
    *, territoire: Territoire | None, saisie: Mapping[str, Any], acteur: Compte, vu_le: str = ""
) -> Territoire:
    """Crée ou modifie un territoire. `vu_le` : la version qu’avait l’écran (`version_de`).

    Lève `ModifieEntreTemps` si elle a changé.
    """
    if territoire is None:
        vise, verbe = Territoire(), "territoire.cree"
    else:
        vise = Territoire.objects.select_for_update(of=("self",)).get(pk=territoire.pk)
        verbe = "territoire.modifie"
        if version_de(vise) != vu_le:
            raise ModifieEntreTemps
    for champ in CHAMPS:
        setattr(vise, champ, saisie[champ])
    vise.save()
    vise.departements.set(saisie["departements"])
    vise.communes.set(saisie["communes"])
    tracer(
        acteur=acteur,
        verbe=verbe,
        objet=f"territoire:{vise.pk}",
        departements=[departement.pk for departement in saisie["departements"]],
        communes=len(saisie["communes"]),
    )
    return vise


def version_de(territoire: Territoire) -> str:
    return territoire.modifie_le.isoformat()


@transaction.atomic
def changer_rayon(
    *,
    territoire: Territoire,
    rayons: tuple[int, int, int] | None,
    acteur: Compte,
    maintenant: datetime,
) -> None:
    """Clôt les rayons en cours et pose les nouveaux (défaut, pas, maximum, en km) ; sans eux, ceux du département valent."""
    # Verrou sur le territoire : deux changements simultanés se suivent.
    Territoire.objects.select_for_update(of=("self",)).get(pk=territoire.pk)
    courant = RayonTerritoire.objects.filter(territoire=territoire, fin_le=None).first()
    debut = maintenant
    if courant is not None:
        debut = max(maintenant, courant.debut_le + timedelta(microseconds=1))
        courant.fin_le = debut
        courant.save(update_fields=["fin_le"])
    if rayons is not None:
        defaut, pas, maximal = rayons
        RayonTerritoire.objects.create(
            territoire=territoire,
            rayon_defaut_km=defaut,
            pas_elargissement_km=pas,
            rayon_maximal_km=maximal,
            debut_le=debut,
            decide_par=acteur,
        )
    tracer(
        acteur=acteur,
        verbe="territoire.rayon_change",
        objet=f"territoire:{territoire.pk}",
        rayons_km=list(rayons or ()),
    )
