"""Orienter un patient, corriger, retirer."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from agenda.actions import PlaceTenue, liberer_place, prendre_place
from agenda.lectures import occurrence_designee
from agenda.models import Disponibilite, Indisponibilite
from agenda.offre import rafraichir, verrouiller
from comptes.actions import tracer
from comptes.droits import peut
from comptes.enums import Action, Role
from comptes.models import Compte
from orientation.destinataires import (
    structure_destinataire,
    territoire_de_la_commune,
    territoire_du_regulateur,
)
from orientation.enums import MotifAnnulation, TypeOrientation, Voie
from orientation.hub.annonces import annoncer_orientation
from orientation.lectures import offre_du_lieu
from orientation.models import Annulation, Orientation
from orientation.suivi.avis import prevenir
from orientation.suivi.lectures import phrase_de_l_absence

HORIZON_SURNUMERAIRE = timedelta(days=30)
DELAI_DE_REPENTIR = timedelta(hours=1)
# Après le régulateur, un gestionnaire du territoire retire encore une orientation, le temps de clore un mois.
DELAI_DU_GESTIONNAIRE = timedelta(days=31)
ATTENTE_MAX_MS = 5_000

_LIEU = re.compile(r"l([0-9]{1,18})")


class OrientationRefusee(Exception):
    """Refus à montrer tel quel ; `code` est celui du document de problème de l’API."""

    code = "refusee"

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code or self.code


class OrientationInterdite(OrientationRefusee):
    code = "interdite"


class CleReutilisee(OrientationRefusee):
    code = "cle_reutilisee"


class SurnumeraireRefuse(OrientationRefusee):
    """Le lieu n’accepte pas d’être sollicité en sus, ou la date ne convient pas."""


class PlaceModifiee(OrientationRefusee):
    """La place existe encore, mais plus telle que le régulateur l’a lue."""

    code = "modifiee"


@dataclass(frozen=True, slots=True)
class Surnumeraire:
    """Demande hors disponibilité : identifiant opaque du lieu, instant avec fuseau."""

    lieu_id: str
    debut: datetime


@dataclass(frozen=True, slots=True)
class PlaceVue:
    """Ce que le régulateur avait sous les yeux en confirmant."""

    fin: datetime
    modalites: tuple[str, ...]


@transaction.atomic
def orienter(
    *,
    acteur: Compte,
    cle: str,
    maintenant: datetime,
    creneau_id: str = "",
    surnumeraire: Surnumeraire | None = None,
    vue: PlaceVue | None = None,
    remplace: Orientation | None = None,
) -> Orientation:
    """Enregistre une orientation, ou rend celle que la même clé a déjà enregistrée.

    Une seule des deux demandes, `creneau_id` ou `surnumeraire`. Tout est écrit
    ou rien ne l’est ; la trace, qui tient un verrou commun, vient en dernier.
    Une place que l’acteur tient le temps d’un appel lui est donnée. `remplace` :
    celle que `corriger` vient de retirer.

    Lève `PlaceIndisponible` (agenda) si la place n’est plus libre, `PlaceModifiee`
    si elle diffère de `vue`, `SurnumeraireRefuse`, `CleReutilisee` si la clé a
    servi à une autre demande, `OrientationInterdite` si le rôle ne le permet pas.
    """
    if bool(creneau_id) == bool(surnumeraire):
        raise ValueError("un créneau ou une demande en sus, l’un des deux")
    if not peut(acteur, Action.ORIENTER):
        raise OrientationInterdite("Votre rôle ne permet pas d’orienter un patient.")
    empreinte = _empreinte(creneau_id, surnumeraire)
    borner_l_attente()
    _attendre_son_tour(acteur, cle)
    deja = _deja_enregistree(acteur, cle, empreinte)
    if deja is not None:
        return deja
    orientation = Orientation(
        acteur=acteur, cle=cle, empreinte=empreinte, prise_le=maintenant, remplace=remplace
    )
    if surnumeraire is None:
        place = prendre_place(creneau_id=creneau_id, maintenant=maintenant, compte=acteur)
        _verifier_inchangee(place, vue)
        _remplir_creneau(orientation, place)
    else:
        _remplir_surnumeraire(orientation, surnumeraire, maintenant)
    _dire_qui_recoit(orientation, maintenant)
    orientation.save()
    annoncer_orientation(orientation, maintenant=maintenant)
    prevenir(orientation, maintenant=maintenant)
    _tracer(acteur, "orientation.enregistree", orientation)
    return orientation


@transaction.atomic
def corriger(
    *,
    acteur: Compte,
    orientation: Orientation,
    motif: MotifAnnulation,
    cle: str,
    maintenant: datetime,
    creneau_id: str = "",
    surnumeraire: Surnumeraire | None = None,
) -> Orientation:
    """Retire une orientation et en enregistre une autre à sa place, d’un bloc ; la première reste, telle quelle.

    Lève ce que lèvent `annuler` et `orienter` ; rien n’est alors changé.
    """
    borner_l_attente()
    _attendre_son_tour(acteur, cle)
    deja = _deja_enregistree(acteur, cle, _empreinte(creneau_id, surnumeraire))
    if deja is not None:
        return deja
    # Les deux lieux d’abord, dans l’ordre : deux corrections croisées se suivent au lieu de s’attendre.
    verrouiller(sorted({orientation.lieu_id, *_lieux_demandes(creneau_id, surnumeraire)}))
    retiree = annuler(acteur=acteur, orientation=orientation, motif=motif, maintenant=maintenant)
    return orienter(
        acteur=acteur,
        cle=cle,
        creneau_id=creneau_id,
        surnumeraire=surnumeraire,
        maintenant=maintenant,
        remplace=retiree,
    )


@transaction.atomic
def annuler(
    *,
    acteur: Compte,
    orientation: Orientation,
    maintenant: datetime,
    motif: MotifAnnulation = MotifAnnulation.ERREUR,
) -> Orientation:
    """Retire sa propre orientation et rend sa place.

    Lève `OrientationRefusee`, de code `deja_annulee` ou `trop_tard`.
    """
    orientation = _tenir_l_orientation(orientation, acteur=acteur)
    if not est_annulable(orientation, maintenant):
        raise OrientationRefusee(
            "Le rendez-vous est passé : cette orientation ne s’annule plus.", "trop_tard"
        )
    return _retirer(orientation, acteur, motif, maintenant, apres_delai=False)


@transaction.atomic
def retirer_pour_le_territoire(
    *, acteur: Compte, orientation: Orientation, motif: MotifAnnulation, maintenant: datetime
) -> Orientation:
    """Retire l’orientation d’un autre : un gestionnaire du territoire, dont l’appelant a vérifié le champ.

    Lève `OrientationRefusee`, de code `deja_annulee` ou `trop_tard`, `OrientationInterdite`.
    """
    if not peut(acteur, Action.CORRIGER_ORIENTATIONS):
        raise OrientationInterdite("Votre rôle ne permet pas de retirer l’orientation d’un régulateur.")
    orientation = _tenir_l_orientation(orientation)
    if not est_retirable(orientation, maintenant):
        raise OrientationRefusee("Le mois est passé : cette orientation ne se retire plus.", "trop_tard")
    apres_delai = not est_annulable(orientation, maintenant)
    return _retirer(orientation, acteur, motif, maintenant, apres_delai=apres_delai)


def _tenir_l_orientation(orientation: Orientation, **conditions: object) -> Orientation:
    """La ligne verrouillée, relue. Lève `OrientationRefusee`, de code `deja_annulee`."""
    borner_l_attente()
    tenue = (
        Orientation.objects.select_for_update(of=("self",), no_key=True)
        .select_related("reservation")
        .get(pk=orientation.pk, **conditions)
    )
    if tenue.annulee_le is not None:
        raise OrientationRefusee("Cette orientation est déjà annulée.", "deja_annulee")
    return tenue


def _retirer(
    orientation: Orientation,
    acteur: Compte,
    motif: MotifAnnulation,
    maintenant: datetime,
    *,
    apres_delai: bool,
) -> Orientation:
    if orientation.reservation is not None:
        liberer_place(reservation=orientation.reservation, maintenant=maintenant)
    orientation.annulee_le = maintenant
    orientation.save(update_fields=["annulee_le"])
    Annulation.objects.create(
        orientation=orientation, acteur=acteur, motif=motif, apres_delai=apres_delai, le=maintenant
    )
    annoncer_orientation(orientation, maintenant=maintenant)
    prevenir(orientation, maintenant=maintenant)
    _tracer(acteur, "orientation.annulee", orientation, motif=motif)
    return orientation


def est_annulable(orientation: Orientation, maintenant: datetime) -> bool:
    """Tant que le rendez-vous n’est pas passé, et toujours dans l’heure de l’enregistrement."""
    terme = max(orientation.fin or orientation.debut, orientation.prise_le + DELAI_DE_REPENTIR)
    return orientation.annulee_le is None and maintenant < terme


def est_retirable(orientation: Orientation, maintenant: datetime) -> bool:
    """Par un gestionnaire du territoire : jusqu’à un mois après le rendez-vous."""
    terme = (orientation.fin or orientation.debut) + DELAI_DU_GESTIONNAIRE
    return orientation.annulee_le is None and maintenant < terme


def prochain_quart_d_heure(instant: datetime) -> datetime:
    """Premier quart d’heure plein qui n’est pas passé."""
    rond = instant.replace(minute=0, second=0, microsecond=0)
    while rond < instant:
        rond += timedelta(minutes=15)
    return rond


def lieu_designe(identifiant: str) -> int | None:
    """Clé du lieu que désigne l’identifiant opaque d’une offre ; rien s’il est mal formé."""
    trouve = _LIEU.fullmatch(identifiant)
    return int(trouve[1]) if trouve else None


def _deja_enregistree(acteur: Compte, cle: str, empreinte: str) -> Orientation | None:
    deja = Orientation.objects.filter(acteur=acteur, cle=cle).first()
    if deja is not None and deja.empreinte != empreinte:
        raise CleReutilisee("Cette clé d’idempotence a déjà servi à une autre demande.")
    return deja


def _lieux_demandes(creneau_id: str, surnumeraire: Surnumeraire | None) -> list[int]:
    if surnumeraire is not None:
        lieu_id = lieu_designe(surnumeraire.lieu_id)
        return [lieu_id] if lieu_id else []
    designee = occurrence_designee(creneau_id)
    return (
        list(Disponibilite.objects.filter(pk=designee[0]).values_list("lieu", flat=True)) if designee else []
    )


def _dire_qui_recoit(orientation: Orientation, maintenant: datetime) -> None:
    """Le destinataire et les territoires, tels qu’ils sont en ce moment : ce qui est compté plus tard ne bouge plus."""
    assert orientation.acteur is not None  # elle vient de naître
    lieu = orientation.lieu
    orientation.effecteur = lieu.effecteur
    orientation.structure = structure_destinataire(lieu, en_sus=orientation.voie == Voie.SURNUMERAIRE)
    orientation.territoire = territoire_du_regulateur(orientation.acteur, lieu, maintenant=maintenant)
    orientation.territoire_destinataire = territoire_de_la_commune(lieu.commune)


def _verifier_inchangee(place: PlaceTenue, vue: PlaceVue | None) -> None:
    if vue is not None and vue != PlaceVue(place.fin, place.modalites):
        raise PlaceModifiee("Cette disponibilité a changé depuis son affichage.")


def _remplir_creneau(orientation: Orientation, place: PlaceTenue) -> None:
    assert orientation.acteur is not None  # elle vient de naître
    # Qui est à la fois de la régulation et de l’accueil oriente au titre de la régulation (O-04).
    regule = orientation.acteur.a_un_role([Role.OSNP, Role.REGULATEUR])
    orientation.voie = Voie.AGENDA_SAS
    orientation.type = TypeOrientation.OSNP_CRENEAU if regule else TypeOrientation.IOA
    orientation.reservation = place.reservation
    orientation.lieu = place.lieu
    orientation.debut, orientation.fin = place.debut, place.fin
    orientation.modalites = list(place.modalites)


def _remplir_surnumeraire(orientation: Orientation, demande: Surnumeraire, maintenant: datetime) -> None:
    assert orientation.acteur is not None  # elle vient de naître
    if not peut(orientation.acteur, Action.ORIENTER_EN_SUS):
        raise OrientationInterdite("Votre rôle ne permet pas d’orienter hors disponibilité.")
    if demande.debut < maintenant:
        raise SurnumeraireRefuse(
            "Il n’est pas possible de choisir une date ou une heure passée.", "date_passee"
        )
    if demande.debut > maintenant + HORIZON_SURNUMERAIRE:
        raise SurnumeraireRefuse(
            f"Choisissez une date dans les {HORIZON_SURNUMERAIRE.days} jours.", "date_lointaine"
        )
    lieu_id = lieu_designe(demande.lieu_id)
    if lieu_id and (fermeture := fermeture_a(lieu_id, demande.debut)):
        raise SurnumeraireRefuse(fermeture, "lieu_ferme")
    if lieu_id:
        # Un lieu fermé ou un refus de participer à l’instant : les sources font foi, non la copie montrée.
        rafraichir([lieu_id], maintenant)
    offre = lieu_id and offre_du_lieu(lieu_id, maintenant=maintenant)
    if not lieu_id or not offre:
        raise SurnumeraireRefuse("Ce lieu d’exercice n’est plus proposé.", "inconnue")
    if offre.suspension:
        raise SurnumeraireRefuse(f"Ce professionnel {offre.suspension}.", "en_sus_suspendu")
    if not offre.en_sus:
        raise SurnumeraireRefuse(
            "Ce professionnel n’accepte pas de patient en sus de ses disponibilités.", "en_sus_refuse"
        )
    orientation.voie = Voie.SURNUMERAIRE
    orientation.type = TypeOrientation.OSNP_SURNUMERAIRE
    orientation.lieu_id = lieu_id
    orientation.debut = demande.debut


def fermeture_a(lieu_id: int, instant: datetime) -> str:
    """Pourquoi l’on n’y reçoit personne à cet instant ; vide si le lieu n’est pas fermé."""
    fermetures = Indisponibilite.objects.filter(lieu=lieu_id, periode__contains=instant)
    lues = fermetures.values_list("periode", "lieu__fuseau").first()
    if lues is None:
        return ""
    return f"Ce lieu ne reçoit pas à cette date. {phrase_de_l_absence(lues[0].upper, lues[1])}."


def borner_l_attente() -> None:
    """Un lieu qu’un import tient des minutes : mieux vaut un 503 que tous les fils du serveur en attente."""
    with connection.cursor() as curseur:
        curseur.execute("SELECT set_config('lock_timeout', %s, true)", [f"{ATTENTE_MAX_MS}ms"])


def _attendre_son_tour(acteur: Compte, cle: str) -> None:
    """Deux envois simultanés de la même clé se suivent : le second trouve la ligne du premier.

    Deux nombres, dont l’acteur : une clé choisie exprès n’attend ni le verrou
    d’un import (`prendre_verrou`, un seul nombre), ni celui d’une autre personne.
    """
    with connection.cursor() as curseur:
        curseur.execute("SELECT pg_advisory_xact_lock(%s::int, hashtext(%s))", [acteur.pk, cle])


def _empreinte(creneau_id: str, surnumeraire: Surnumeraire | None) -> str:
    demande = f"creneau|{creneau_id}"
    if surnumeraire is not None:
        demande = f"surnumeraire|{surnumeraire.lieu_id}|{surnumeraire.debut.timestamp()}"
    return hashlib.sha256(demande.encode()).hexdigest()


def _tracer(acteur: Compte, verbe: str, orientation: Orientation, **details: str) -> None:
    tracer(
        acteur=acteur,
        verbe=verbe,
        objet=f"orientation:{orientation.uuid}",
        lieu=orientation.lieu_id,
        voie=orientation.voie,
        **details,
    )
