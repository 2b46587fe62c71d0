"""Arrêter un éditeur, le reprendre, changer ses réglages, lui donner son lien. Tout est tracé.

Les verrous sont `no_key` : une lecture de créneaux en cours désigne l’éditeur sans y écrire, et n’attend pas.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from celery import Task
from django.db import transaction

from agenda.models import Editeur, LienEditeur, Lot
from agenda.tasks import interroger_lots_dus, rafraichir_perimees
from comptes.actions import tracer
from comptes.models import Compte
from comptes.models.acces import empreinte_de

SECRET_MAX = 100
# Ce qu’un administrateur règle ; l’arrêt a son propre geste, le code ne change plus.
REGLAGES = (
    "nom",
    "url_base",
    "environnement",
    "flux",
    "certificat",
    "cn",
    "ou",
    "systemes_rendez_vous",
    "url_place_de_marche",
    "origine",
    "hotes_reservation",
    "requetes_par_heure",
    "concurrence_max",
    "periode_s",
    "grise_s",
    "peremption_s",
)


class GesteRefuse(Exception):
    """Le message est pour la personne."""


@transaction.atomic
def arreter(*, editeur: Editeur, motif: str, acteur: Compte, maintenant: datetime) -> None:
    """Plus un appel, et ses créneaux quittent la recherche : un déclencheur marque leurs lieux, une tâche les recalcule.

    Lève `GesteRefuse` s’il est déjà arrêté.
    """
    vise = Editeur.objects.select_for_update(no_key=True).get(pk=editeur.pk)
    if not vise.est_actif:
        raise GesteRefuse(f"{vise.nom} est déjà arrêté.")
    vise.est_actif, vise.motif_arret = False, motif
    vise.arrete_le, vise.arrete_par = maintenant, acteur
    vise.save(update_fields=["est_actif", "motif_arret", "arrete_le", "arrete_par", "modifie_le"])
    _lancer(rafraichir_perimees)
    tracer(acteur=acteur, verbe="editeur.arrete", objet=f"editeur:{vise.pk}", motif=motif)


@transaction.atomic
def reprendre(*, editeur: Editeur, motif: str, acteur: Compte) -> None:
    """Tous ses lots sont dus aussitôt, dans son budget ; ce qu’il avait montré revient, s’il n’a pas péri.

    Lève `GesteRefuse` s’il est déjà en service.
    """
    vise = Editeur.objects.select_for_update(no_key=True).get(pk=editeur.pk)
    if vise.est_actif:
        raise GesteRefuse(f"{vise.nom} est déjà en service.")
    vise.est_actif, vise.motif_arret = True, ""
    vise.arrete_le = vise.arrete_par = None
    vise.save(update_fields=["est_actif", "motif_arret", "arrete_le", "arrete_par", "modifie_le"])
    Lot.objects.filter(editeur=vise).update(prochaine_le=None)
    _lancer(rafraichir_perimees)
    _lancer(interroger_lots_dus)
    tracer(acteur=acteur, verbe="editeur.repris", objet=f"editeur:{vise.pk}", motif=motif)


def version_de(editeur: Editeur) -> str:
    return editeur.modifie_le.isoformat()


@transaction.atomic
def regler(*, editeur: Editeur, saisie: Mapping[str, Any], vu_le: str, acteur: Compte) -> list[str]:
    """Écrit les réglages qui changent, et trace l’avant et l’après de chacun ; rend leurs noms.

    Lève `GesteRefuse` si une autre personne a enregistré depuis `vu_le` (`version_de`).
    """
    vise = Editeur.objects.select_for_update(no_key=True).get(pk=editeur.pk)
    if version_de(vise) != vu_le:
        raise GesteRefuse(
            "Une autre personne a modifié ces réglages entre-temps. Rien n’est enregistré\u00a0: rouvrez la page "
            "pour voir les siens, puis reprenez vos changements."
        )
    changements = {
        nom: [getattr(vise, nom), saisie[nom]] for nom in REGLAGES if getattr(vise, nom) != saisie[nom]
    }
    if not changements:
        return []
    for nom, (_, apres) in changements.items():
        setattr(vise, nom, apres)
    vise.save(update_fields=[*changements, "modifie_le"])
    _lancer(rafraichir_perimees)
    tracer(acteur=acteur, verbe="editeur.regle", objet=f"editeur:{vise.pk}", changements=changements)
    return list(changements)


def _lancer(tache: Task) -> None:
    """Une fois la transaction faite. Sans courtier, la tâche périodique fera de même dans les quinze secondes."""
    transaction.on_commit(partial(tache.delay), robust=True)


# --- Le lien de l’éditeur -----------------------------------------------------


@transaction.atomic
def donner_un_lien(*, editeur: Editeur, acteur: Compte, maintenant: datetime) -> str:
    """Rend le secret du nouveau lien, qui ne se retrouvera pas ; celui d’avant n’ouvre plus rien."""
    # L’éditeur, verrouillé, fait passer l’un après l’autre deux renouvellements.
    Editeur.objects.select_for_update(no_key=True).get(pk=editeur.pk)
    LienEditeur.objects.filter(editeur=editeur, revoque_le=None).update(revoque_le=maintenant)
    secret = secrets.token_urlsafe(32)
    LienEditeur.objects.create(
        editeur=editeur, empreinte=empreinte_de(secret), cree_le=maintenant, cree_par=acteur
    )
    tracer(acteur=acteur, verbe="editeur.lien_cree", objet=f"editeur:{editeur.pk}")
    return secret


@transaction.atomic
def revoquer_le_lien(*, editeur: Editeur, acteur: Compte, maintenant: datetime) -> bool:
    """Faux s’il n’y avait rien à révoquer."""
    ouverts = LienEditeur.objects.filter(editeur=editeur, revoque_le=None)
    if not ouverts.update(revoque_le=maintenant):
        return False
    tracer(acteur=acteur, verbe="editeur.lien_revoque", objet=f"editeur:{editeur.pk}")
    return True


def ouvrir_le_lien(secret: str, *, maintenant: datetime) -> LienEditeur | None:
    """Le lien que ce secret ouvre, sa lecture notée ; rien s’il est inconnu ou révoqué."""
    if len(secret) > SECRET_MAX:
        return None
    ouverts = LienEditeur.objects.filter(empreinte=empreinte_de(secret), revoque_le=None)
    lien = ouverts.select_related("editeur").first()
    if lien is not None:
        LienEditeur.objects.filter(pk=lien.pk).update(lu_le=maintenant)
    return lien
