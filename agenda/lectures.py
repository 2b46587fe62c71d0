"""Lire un créneau désigné par son identifiant opaque."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings

from agenda.domaine.offre import en_instant, en_minutes, fin_de_fenetre, identifiant_sas
from agenda.editeurs.liens import LienRefuse, avec_origine
from agenda.models import AgendaEditeur, CarteLieu, Disponibilite, Editeur, Tenue
from agenda.offre import CreneauOffert, creneau_offert, decodeur_carte, lire
from annuaire.models import LieuExercice
from comptes.models import Compte

_SAS = re.compile(r"d(?P<disponibilite>[0-9]{1,18})-(?P<minute>[0-9]{1,9})")
_EDITEUR = re.compile(r"e(?P<agenda>[0-9]{1,18})-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class CreneauSas:
    """Un créneau ou une plage de l’agenda saisi où il reste de la place. Bornes dans le fuseau du lieu."""

    id: str
    lieu: LieuExercice
    debut: datetime
    fin: datetime
    est_plage: bool
    capacite: int
    prises: int
    modalites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CreneauEditeur:
    """Un créneau d’éditeur réservable en ligne. `lien` porte déjà l’origine ; bornes dans le fuseau du lieu."""

    id: str
    lieu: LieuExercice
    editeur: Editeur
    debut: datetime
    fin: datetime
    modalites: tuple[str, ...]
    lien: str


def occurrence_designee(creneau_id: str) -> tuple[int, datetime] | None:
    """(disponibilité, début en UTC) d’un identifiant de l’agenda saisi ; rien s’il n’en est pas un."""
    trouve = _SAS.fullmatch(creneau_id)
    if trouve is None:
        return None
    return int(trouve["disponibilite"]), en_instant(int(trouve["minute"]))


def creneau_sas(creneau_id: str, maintenant: datetime, *, compte: Compte | None = None) -> CreneauSas | None:
    """Le créneau tel que la projection le montre ; rien s’il n’est plus proposable.

    Que `compte` y tienne une place ne le lui cache pas, fût-elle la dernière.
    """
    designee = occurrence_designee(creneau_id)
    if designee is None:
        return None
    tenue = (
        Tenue.objects.en_cours(maintenant)
        .filter(compte=compte, disponibilite=designee[0], debut=designee[1])
        .values_list("pk", "disponibilite__lieu")
        .first()
        if compte
        else None
    )
    if tenue is not None:
        return _d_apres_les_sources(creneau_id, tenue[1], maintenant, sans_tenue=tenue[0])
    disponibilite = Disponibilite.objects.filter(pk=designee[0]).values_list("lieu_id", flat=True).first()
    trouve = disponibilite and _dans_la_carte(disponibilite, creneau_id, maintenant)
    if not trouve:
        return None
    lieu, creneau = trouve
    fuseau = ZoneInfo(lieu.fuseau)
    return CreneauSas(
        id=creneau_id,
        lieu=lieu,
        debut=creneau.debut.astimezone(fuseau),
        fin=creneau.fin.astimezone(fuseau),
        est_plage=creneau.est_plage,
        capacite=creneau.capacite,
        prises=creneau.prises,
        modalites=creneau.modalites,
    )


@dataclass(frozen=True, slots=True)
class PlaceGardee:
    """La place qu’une personne tient, et ce que sa carte en dit. `debut` et `expire` en minutes depuis l’époque."""

    tenue: Tenue
    lieu: LieuExercice
    debut: int
    expire: int
    creneau: CreneauOffert


def place_de_la_tenue(tenue_id: int, maintenant: datetime) -> PlaceGardee | None:
    """La place tenue, si elle est toujours proposable ; d’après les sources."""
    tenue = Tenue.objects.select_related("disponibilite").filter(pk=tenue_id).first()
    if tenue is None:
        return None
    lus = lire([tenue.disponibilite.lieu_id], maintenant, sans_tenue=tenue.pk)
    creneau_id = identifiant_sas(tenue.disponibilite_id, en_minutes(tenue.debut))
    for lieu in lus.lieux:
        if carte := lus.creneau_montre(lieu.pk, creneau_id):
            fuseau = ZoneInfo(lieu.fuseau)
            creneau = creneau_offert(carte, fuseau)
            creneau.tenue_jusqu_a = tenue.expire_le.astimezone(fuseau)
            creneau.age_s = max(0, int(maintenant.timestamp()) - carte.maj * 60)
            return PlaceGardee(tenue, lieu, carte.debut, carte.expire, creneau)
    return None


def _d_apres_les_sources(
    creneau_id: str, lieu_id: int, maintenant: datetime, *, sans_tenue: int
) -> CreneauSas | None:
    lus = lire([lieu_id], maintenant, sans_tenue=sans_tenue)
    for lieu in lus.lieux:
        if creneau := lus.creneau_montre(lieu.pk, creneau_id):
            fuseau = ZoneInfo(lieu.fuseau)
            return CreneauSas(
                id=creneau_id,
                lieu=lieu,
                debut=en_instant(creneau.debut).astimezone(fuseau),
                fin=en_instant(creneau.fin).astimezone(fuseau),
                est_plage=creneau.est_plage,
                capacite=creneau.capacite,
                prises=creneau.prises,
                modalites=creneau.modalites,
            )
    return None


def creneau_editeur(creneau_id: str, maintenant: datetime) -> CreneauEditeur | None:
    """Le créneau d’éditeur et son lien de réservation ; rien s’il a disparu ou n’est pas réservable en ligne."""
    trouve = _EDITEUR.fullmatch(creneau_id)
    agenda = (
        trouve
        and AgendaEditeur.objects.filter(pk=int(trouve["agenda"]))
        .select_related("raccordement__editeur")
        .only("lieu_id", "raccordement__editeur")
        .first()
    )
    dans_la_carte = agenda and _dans_la_carte(agenda.lieu_id, creneau_id, maintenant)
    if not agenda or not dans_la_carte:
        return None
    lieu, creneau = dans_la_carte
    if creneau.lien is None:
        return None
    fuseau = ZoneInfo(lieu.fuseau)
    return CreneauEditeur(
        id=creneau_id,
        lieu=lieu,
        editeur=agenda.raccordement.editeur,
        debut=creneau.debut.astimezone(fuseau),
        fin=creneau.fin.astimezone(fuseau),
        modalites=creneau.modalites,
        lien=creneau.lien,
    )


@dataclass(frozen=True, slots=True)
class PlaceDeMarche:
    """Page où un régulateur cherche lui-même chez un éditeur. `lien` porte l’origine, et rien de la recherche."""

    editeur: Editeur
    lien: str


def places_de_marche() -> list[PlaceDeMarche]:
    """Celles des éditeurs actifs, dans l’ordre de leurs noms ; une adresse que l’on n’ouvrirait pas est tue."""
    editeurs = Editeur.objects.filter(est_actif=True).exclude(url_place_de_marche="")
    return [place for editeur in editeurs.order_by("nom", "pk") if (place := _place_de_marche(editeur))]


def place_de_marche(code: str) -> PlaceDeMarche | None:
    editeur = Editeur.objects.filter(code=code, est_actif=True).exclude(url_place_de_marche="").first()
    return _place_de_marche(editeur) if editeur else None


def _place_de_marche(editeur: Editeur) -> PlaceDeMarche | None:
    """Son hôte est celui que l’administration a saisi : c’est le seul admis."""
    adresse = editeur.url_place_de_marche
    hote = urlsplit(adresse).hostname or ""
    try:
        lien = avec_origine(
            adresse, origine=editeur.origine, hotes=[hote], http_local=not settings.EST_EN_LIGNE
        )
    except LienRefuse:
        return None
    return PlaceDeMarche(editeur, lien)


def _dans_la_carte(
    lieu_id: int, creneau_id: str, maintenant: datetime
) -> tuple[LieuExercice, CreneauOffert] | None:
    carte = (
        CarteLieu.objects.filter(lieu=lieu_id)
        .select_related("lieu__effecteur__profession", "lieu__structure", "lieu__commune")
        .first()
    )
    if carte is None:
        return None
    fin = fin_de_fenetre(maintenant, ZoneInfo(carte.lieu.fuseau))
    for creneau, expire in zip(decodeur_carte.decode(carte.document).creneaux, carte.fins, strict=True):
        if creneau.id == creneau_id and expire > en_minutes(maintenant) and creneau.debut < fin:
            return carte.lieu, creneau
    return None
