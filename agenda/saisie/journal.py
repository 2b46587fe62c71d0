"""Un geste : une transaction, l’offre recalculée, une trace, et de quoi revenir en arrière."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.apps import apps
from django.core import serializers
from django.db import transaction
from django.db.models import Model, ProtectedError, QuerySet

from agenda.models import Disponibilite, GesteAgenda, Indisponibilite, Reservation
from agenda.offre import rafraichir, verrouiller
from annuaire.models import LieuExercice
from comptes.actions import tracer
from comptes.models import Compte

DELAI_RETOUR = timedelta(hours=1)
T = TypeVar("T", Disponibilite, Indisponibilite)


class RetourImpossible(Exception):
    """Le geste ne peut plus être annulé ; le message dit pourquoi."""


class Journal:
    """Écrit les lignes de l’agenda en gardant leur état d’avant."""

    def __init__(self) -> None:
        self.avant: dict[tuple[str, int], dict[str, Any]] = {}
        self.touchees: dict[tuple[str, int], type[Model]] = {}
        self.creees: list[tuple[str, int]] = []
        self.geste_id = 0  # connu une fois le geste écrit

    def creer(self, objet: T) -> T:
        objet.full_clean(validate_constraints=False)
        objet.save(force_insert=True)
        self.creees.append((objet._meta.label_lower, objet.pk))
        return objet

    def creer_en_lot(self, objets: Sequence[T]) -> None:
        """Comme `creer`, en une instruction : le planning d’un import. Les contraintes de la base restent juges."""
        if not objets:
            return
        for objet in objets:
            objet.clean_fields(exclude=["lieu"])
        modele = type(objets[0])
        crees = modele._default_manager.bulk_create(objets, batch_size=1000)
        self.creees += [(modele._meta.label_lower, objet.pk) for objet in crees]

    def changer(self, objet: Disponibilite | Indisponibilite, **champs: Any) -> None:
        self._retenir(objet)
        for champ, valeur in champs.items():
            setattr(objet, champ, valeur)
        objet.save()

    def supprimer(self, objet: Disponibilite | Indisponibilite) -> None:
        self._retenir(objet)
        objet.delete()

    def deplacer(
        self, reservations: Iterable[Reservation], vers: Disponibilite, *, debut: datetime, fin: datetime
    ) -> None:
        """Les places tenues suivent leur occurrence ; rangs et orientations restent les mêmes."""
        for reservation in reservations:
            self._retenir(reservation)
            reservation.disponibilite, reservation.debut, reservation.fin = vers, debut, fin
            reservation.save(update_fields=["disponibilite", "debut", "fin"])

    def _retenir(self, objet: Model) -> None:
        cle = (objet._meta.label_lower, objet.pk)
        self.avant.setdefault(cle, _serialiser(objet))
        self.touchees[cle] = type(objet)


@contextmanager
def geste(
    *,
    lieu: LieuExercice,
    libelle: str,
    auteur: Compte,
    maintenant: datetime,
    groupe: UUID | None = None,
) -> Iterator[Journal]:
    """Tient le lieu, laisse écrire, puis recalcule l’offre et trace ; tout ou rien.

    `groupe` : le même pour tout ce que la personne fait d’un geste en plusieurs
    lieux ; l’appelant les tient alors tous d’abord.
    """
    with transaction.atomic():
        verrouiller([lieu.pk])
        journal = Journal()
        yield journal
        apres = [_serialiser(o) for cle in journal.touchees if (o := _relire(*cle)) is not None]
        ligne = GesteAgenda.objects.create(
            lieu=lieu,
            auteur=auteur,
            le=maintenant,
            libelle=libelle,
            avant=list(journal.avant.values()),
            apres=apres,
            creees=journal.creees,
            groupe=groupe,
        )
        journal.geste_id = ligne.pk
        rafraichir([lieu.pk], maintenant)
        tracer(acteur=auteur, verbe="agenda.change", objet=f"lieu:{lieu.pk}", geste=ligne.pk)


def du_groupe(geste: GesteAgenda) -> QuerySet[GesteAgenda]:
    """Ce geste, et tous ceux que la personne a faits avec lui."""
    if geste.groupe is None:
        return GesteAgenda.objects.filter(pk=geste.pk)
    return GesteAgenda.objects.filter(groupe=geste.groupe)


@transaction.atomic
def annuler(
    *, geste: GesteAgenda, tenus: QuerySet[LieuExercice], auteur: Compte, maintenant: datetime
) -> int:
    """Remet les agendas comme ils étaient avant ce geste et son groupe ; rend le nombre de lieux. Tout, ou rien.

    `tenus` : les lieux dont la personne tient l’agenda. Lève `RetourImpossible`
    passé une heure, si les lignes d’un lieu ont changé depuis, si une place a
    été prise sur ce que le geste avait ouvert, ou si un lieu n’est plus tenu.
    """
    lieux = set(du_groupe(geste).values_list("lieu_id", flat=True))
    verrouiller(lieux)
    if set(tenus.filter(pk__in=lieux).values_list("pk", flat=True)) != lieux:
        raise RetourImpossible("Ce changement touche aussi des lieux dont vous ne tenez pas l’agenda.")
    gestes = list(
        du_groupe(geste).select_for_update(of=("self",)).select_related("lieu__commune").order_by("-pk")
    )
    if any(fait.annule_le is not None for fait in gestes):
        raise RetourImpossible("Ce changement est déjà annulé.")
    if maintenant - min(fait.le for fait in gestes) > DELAI_RETOUR:
        raise RetourImpossible("Ce changement a plus d’une heure\u00a0: modifiez l’agenda directement.")
    # Le dernier d’abord : deux gestes d’un groupe peuvent s’être suivis en un même lieu.
    for fait in gestes:
        _defaire(fait)
        GesteAgenda.objects.filter(pk=fait.pk).update(annule_le=maintenant)
    rafraichir(lieux, maintenant)
    for fait in gestes:
        tracer(acteur=auteur, verbe="agenda.retabli", objet=f"lieu:{fait.lieu_id}", geste=fait.pk)
    return len(lieux)


def _defaire(geste: GesteAgenda) -> None:
    if _a_change_depuis(geste):
        ou = f" ({geste.lieu.adresse_complete})" if geste.groupe else ""
        raise RetourImpossible(f"L’agenda a changé depuis{ou}\u00a0: ce changement ne peut plus être annulé.")
    # Les places retrouvent leur disponibilité avant que parte celle où elles étaient ; une période ne revient
    # qu’une fois partie celle qui l’avait avalée.
    _restaurer(geste.avant, Disponibilite)
    _restaurer(geste.avant, Reservation)
    try:
        for etiquette, crees in itertools.groupby(geste.creees, key=lambda creee: creee[0]):
            apps.get_model(etiquette)._default_manager.filter(pk__in=[cle for _, cle in crees]).delete()
    except ProtectedError:
        raise RetourImpossible(
            "Une place a été prise depuis\u00a0: ce changement ne peut plus être annulé."
        ) from None
    _restaurer(geste.avant, Indisponibilite)


def _a_change_depuis(geste: GesteAgenda) -> bool:
    """Une ligne qu’il a changée ne l’est plus ainsi, ou un geste qui vaut encore a touché une de celles qu’il a créées."""
    if any(_serialiser_ou_rien(ligne) != ligne for ligne in geste.apres):
        return True
    suivants = GesteAgenda.objects.filter(lieu=geste.lieu_id, pk__gt=geste.pk, annule_le=None)
    touchees = {
        (ligne["model"], ligne["pk"]) for avant in suivants.values_list("avant", flat=True) for ligne in avant
    }
    return any((etiquette, cle) in touchees for etiquette, cle in geste.creees)


def _restaurer(lignes: list[dict[str, Any]], modele: type[Model]) -> None:
    siennes = [ligne for ligne in lignes if ligne["model"] == modele._meta.label_lower]
    for restaure in serializers.deserialize("json", json.dumps(siennes)):
        restaure.save()


def _serialiser(objet: Model) -> dict[str, Any]:
    (ligne,) = json.loads(serializers.serialize("json", [objet]))
    return dict(ligne)


def _serialiser_ou_rien(ligne: dict[str, Any]) -> dict[str, Any] | None:
    objet = _relire(ligne["model"], ligne["pk"])
    return None if objet is None else _serialiser(objet)


def _relire(etiquette: str, cle: int) -> Model | None:
    return apps.get_model(etiquette)._default_manager.filter(pk=cle).first()
