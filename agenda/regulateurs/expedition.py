"""Remettre aux éditeurs ce qui les attend : prendre un bail, appeler hors transaction, conclure.

Le bail est sur la copie, non sur l’envoi : d’un compte chez un éditeur, un seul
message est en route à la fois, si bien qu’une activation ne peut pas arriver après
la désactivation qui l’a remplacée. Ces appels ne passent pas par le budget des
créneaux : une douzaine par jour (fhir.md § 6.1) ne le charge pas, et un retrait de
droit n’a pas à attendre qu’un disjoncteur se referme. Ils ont leur propre borne.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import random
from typing import NamedTuple
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from agenda.domaine.regulateurs import corps, empreinte
from agenda.editeurs import certificats
from agenda.editeurs.client import ouvrir_session
from agenda.enums import EtatEnvoi, Flux
from agenda.models import CopieRegulateur, Editeur, EnvoiRegulateur
from agenda.regulateurs.appel import appeler
from agenda.regulateurs.comparaison import accorder, voulu
from agenda.regulateurs.dialogue import Message, Reponse, dialoguer

APPELS_SIMULTANES = 2  # par éditeur, tous processus confondus
BAIL = timedelta(minutes=2)  # bien plus que les trois appels de sept secondes d’un dialogue
ATTENTE_LIBERATION = timedelta(seconds=20)
LOT_MAX = 50
PASSAGE_MAX = timedelta(seconds=40)  # bien avant la limite de temps de la tâche

# (éditeur, message) → réponse
Remise = Callable[[Editeur, Message], Reponse]


@dataclass(frozen=True, slots=True)
class Expedition:
    """Un message que ce processus est seul à porter. `avant` : ce que la copie disait, si l’éditeur n’en veut pas."""

    copie_id: int
    envoi_id: int
    editeur: Editeur
    bail: UUID
    actif: bool
    message: Message
    est_dernier: bool  # faux : une étape vers l’identifiant voulu, que suivra un autre message
    avant: tuple[str, bool]


class Envoi(NamedTuple):
    """Nombre de messages acquittés ; `a_repondu` est faux si l’éditeur s’est tu, ou est en panne."""

    acquittes: int
    a_repondu: bool = True


def envoyer_dus(editeur_id: int, *, horloge: Callable[[], datetime], remettre: Remise | None = None) -> Envoi:
    """Envoie ce qui est dû à cet éditeur. S’arrête s’il ne répond plus."""
    acquittes, debut = 0, horloge()
    dus = EnvoiRegulateur.objects.dus(debut).filter(copie__editeur=editeur_id)
    # Les retraits d’abord.
    for copie_id in list(
        dus.order_by("actif", "prochain_essai_le", "pk").values_list("copie", flat=True)[:LOT_MAX]
    ):
        if horloge() - debut > PASSAGE_MAX:
            break
        while expedition := prendre(copie_id, maintenant=horloge()):
            reponse = (remettre or remettre_en_ligne)(expedition.editeur, expedition.message)
            conclure(expedition, reponse, maintenant=horloge(), hasard=random())  # noqa: S311  étale, ne protège rien
            if not reponse.est_reussie:
                break
            acquittes += expedition.est_dernier
        else:
            continue
        if not reponse.est_un_refus:
            return Envoi(acquittes, a_repondu=False)  # le suivant échouerait de même
    return Envoi(acquittes)


def remettre_en_ligne(editeur: Editeur, message: Message) -> Reponse:
    try:
        tls = certificats.contexte(editeur)
    except certificats.CertificatInutilisable as refus:
        return Reponse(motif=str(refus))

    async def remettre() -> Reponse:
        async with ouvrir_session(tls) as session:
            return await dialoguer(
                lambda identifiant, corps: appeler(
                    session,
                    editeur.url_base,
                    identifiant,
                    corps,
                    tls=tls,
                    http_admis=not settings.EST_EN_LIGNE,
                ),
                message,
            )

    return asyncio.run(remettre())


def prendre(copie_id: int, *, maintenant: datetime) -> Expedition | None:
    """Ce qu’il faut dire maintenant de cette copie, réservé à l’appelant ; rien s’il n’y a rien à dire.

    Le droit se relit ici : ce qui part est l’état du compte à cet instant, et non
    celui d’hier. Un identifiant qu’un autre compte tient encore chez l’éditeur lui
    est d’abord repris.
    """
    with transaction.atomic():
        lignes = CopieRegulateur.objects.select_for_update(of=("self",), skip_locked=True)
        libres = lignes.filter(Q(bail=None) | Q(bail_jusqu_a__lte=maintenant))
        # `no_key` : n’attend ni ne retarde l’interrogation des créneaux, qui désigne l’éditeur sans y écrire.
        copie = libres.filter(pk=copie_id).select_related("compte").first()
        if copie is None:
            return None
        editeur = Editeur.objects.select_for_update(no_key=True).get(pk=copie.editeur_id)
        if not _accepte(editeur, maintenant):
            return None
        envoi = accorder(copie, voulu(copie.compte, instant=maintenant), maintenant=maintenant)
        if envoi is None or envoi.etat != EtatEnvoi.A_ENVOYER or envoi.prochain_essai_le > maintenant:
            return None
        message, est_dernier = _message(copie, envoi)
        genants = _tenants(copie, message.vise) if envoi.actif else []
        if not genants:
            return _reserver(copie, envoi, editeur, message, est_dernier, maintenant)
        envoi.prochain_essai_le = maintenant + ATTENTE_LIBERATION
        envoi.reponse = "Attend que l’éditeur ait retiré cet identifiant à un autre compte."
        envoi.save(update_fields=["prochain_essai_le", "reponse"])
    for genant in genants:
        _liberer(genant, message.vise, maintenant=maintenant)
    return None


def _accepte(editeur: Editeur, maintenant: datetime) -> bool:
    en_route = CopieRegulateur.objects.filter(editeur=editeur, bail_jusqu_a__gt=maintenant)
    return editeur.est_actif and Flux.COMPTES in editeur.flux and en_route.count() < APPELS_SIMULTANES


def _message(copie: CopieRegulateur, envoi: EnvoiRegulateur) -> tuple[Message, bool]:
    """Le message, et vrai s’il mène jusqu’à l’état voulu.

    Un doute se lève d’abord : si un autre identifiant a peut-être été posé, on le
    confirme avant de passer au suivant. Une désactivation garde celui qui est connu.
    Un numéro qu’un autre a quitté ne se crée pas : on prendrait son ancien compte ;
    le nôtre se crée sous notre identifiant, puis le reçoit (kit, ligne 5.16).
    """
    connu, essaye = copie.identifiant, copie.identifiant_essaye
    final = envoi.qui.identifiant if envoi.actif else essaye or connu or envoi.qui.identifiant
    vise = essaye if essaye not in ("", connu, final) else final
    if envoi.actif and not connu and not essaye and _a_ete_porte(copie, vise):
        vise = envoi.qui.technique
    message = Message(
        connu=connu,
        vise=vise,
        douteux=essaye == vise,
        corps=corps(envoi.qui, actif=envoi.actif, identifiant=vise),
        fermeture=corps(envoi.qui, actif=False, identifiant=connu or vise),
    )
    return message, vise == final


def _reserver(
    copie: CopieRegulateur,
    envoi: EnvoiRegulateur,
    editeur: Editeur,
    message: Message,
    est_dernier: bool,
    maintenant: datetime,
) -> Expedition:
    avant = copie.identifiant_essaye, copie.peut_etre_active
    copie.bail, copie.bail_jusqu_a = uuid4(), maintenant + BAIL
    if message.vise != copie.identifiant:
        copie.identifiant_essaye = message.vise
    copie.empreinte = ""
    copie.peut_etre_active |= envoi.actif
    copie.save()
    envoi.essais += 1
    envoi.methode, envoi.cible = message.methode, message.cible
    envoi.save(update_fields=["essais", "methode", "cible"])
    return Expedition(copie.pk, envoi.pk, editeur, copie.bail, envoi.actif, message, est_dernier, avant)


def _tenants(copie: CopieRegulateur, identifiant: str) -> list[int]:
    """Comptes peut-être actifs qui portent cet identifiant chez le même éditeur."""
    autres = CopieRegulateur.objects.filter(editeur=copie.editeur_id, peut_etre_active=True)
    portent = autres.filter(Q(identifiant=identifiant) | Q(identifiant_essaye=identifiant))
    return list(portent.exclude(pk=copie.pk).order_by("pk").values_list("pk", flat=True))


def _a_ete_porte(copie: CopieRegulateur, identifiant: str) -> bool:
    autres = CopieRegulateur.objects.filter(editeur=copie.editeur_id, identifiant=identifiant)
    return autres.exclude(pk=copie.pk).exists()


def _liberer(copie_id: int, identifiant: str, *, maintenant: datetime) -> None:
    """Fait quitter `identifiant` à ce compte sans attendre sa connexion : il se désactive, ou reprend le nôtre.

    Par notre identifiant technique, toujours libre : deux comptes qui échangent
    leurs numéros ne s’attendent ainsi pas l’un l’autre.
    """
    with transaction.atomic():
        copie = (
            CopieRegulateur.objects.select_for_update(of=("self",)).select_related("compte").get(pk=copie_id)
        )
        cible = voulu(copie.compte, instant=maintenant)
        accorder(copie, cible, maintenant=maintenant, relance=True)
        technique = cible.personne.technique
        if cible.actif and copie.identifiant == identifiant and not copie.identifiant_essaye:
            copie.identifiant_essaye = technique
            copie.save(update_fields=["identifiant_essaye"])


@transaction.atomic
def conclure(expedition: Expedition, reponse: Reponse, *, maintenant: datetime, hasard: float) -> None:
    """Range la réponse. Si le bail est passé à un autre, on sait seulement que l’on ne sait plus."""
    vise = expedition.message.vise
    touchees = Q(pk=expedition.copie_id) | Q(editeur=expedition.editeur.pk, identifiant=vise)
    touchees |= Q(editeur=expedition.editeur.pk, identifiant_essaye=vise)
    copies = list(CopieRegulateur.objects.filter(touchees).select_for_update(of=("self",)).order_by("pk"))
    copie = next(copie for copie in copies if copie.pk == expedition.copie_id)
    envoi = EnvoiRegulateur.objects.select_for_update().get(pk=expedition.envoi_id)
    if copie.bail != expedition.bail:
        _douter(copie, expedition)
        return
    copie.bail = copie.bail_jusqu_a = None
    if reponse.est_reussie:
        _reprendre_aux_autres(copie, copies, vise)
        _acquitter(copie, envoi, expedition, reponse, maintenant)
        return
    if reponse.est_un_refus and not expedition.message.douteux:
        copie.identifiant_essaye, copie.peut_etre_active = expedition.avant
    copie.save()
    if envoi.etat == EtatEnvoi.A_ENVOYER:
        envoi.noter_echec(le=maintenant, reponse=reponse.motif, attente_s=reponse.attente_s, hasard=hasard)


def _douter(copie: CopieRegulateur, expedition: Expedition) -> None:
    """Notre message a pu arriver après celui d’un autre processus : la comparaison suivante redira tout."""
    copie.empreinte = ""
    copie.peut_etre_active |= expedition.actif
    if expedition.message.vise != copie.identifiant and not copie.identifiant_essaye:
        copie.identifiant_essaye = expedition.message.vise
    copie.save()


def _reprendre_aux_autres(copie: CopieRegulateur, copies: list[CopieRegulateur], identifiant: str) -> None:
    """Chez l’éditeur, l’identifiant d’un compte désactivé est passé à celui-ci : plus rien ne doit l’y chercher."""
    for autre in copies:
        if autre.pk != copie.pk and not autre.peut_etre_active:
            if autre.identifiant == identifiant:
                autre.identifiant = autre.empreinte = ""
            if autre.identifiant_essaye == identifiant:
                autre.identifiant_essaye = ""
            autre.save(update_fields=["identifiant", "identifiant_essaye", "empreinte"])


def _acquitter(
    copie: CopieRegulateur,
    envoi: EnvoiRegulateur,
    expedition: Expedition,
    reponse: Reponse,
    maintenant: datetime,
) -> None:
    copie.identifiant, copie.identifiant_essaye = expedition.message.vise, ""
    copie.peut_etre_active, copie.acquittee_le = expedition.actif, maintenant
    if expedition.est_dernier:
        copie.empreinte = empreinte(expedition.message.corps)
    copie.save()
    if envoi.etat != EtatEnvoi.A_ENVOYER:
        return  # remplacé pendant l’appel : ce qui le remplace attend déjà
    envoi.essais, envoi.reponse = 0, f"HTTP {reponse.statut}"
    if expedition.est_dernier:
        envoi.clore(EtatEnvoi.ACQUITTE, le=maintenant)
        accorder(copie, voulu(copie.compte, instant=maintenant), maintenant=maintenant)
    else:
        envoi.prochain_essai_le = maintenant
        envoi.save(update_fields=["essais", "reponse", "prochain_essai_le"])
