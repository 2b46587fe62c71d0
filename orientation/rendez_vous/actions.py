"""Enregistrer ce qu’un éditeur dit d’un rendez-vous : une transaction, une histoire, une trace."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from agenda.actions import masquer_apres_rendez_vous
from agenda.models import Editeur, Raccordement
from annuaire.models import Effecteur
from comptes.actions import tracer
from comptes.models import Compte
from orientation.enums import StatutRendezVous
from orientation.hub.annonces import annoncer_rendez_vous
from orientation.models import EtatRendezVous, RendezVous
from orientation.rendez_vous import rattachement
from orientation.rendez_vous.message import SYSTEME_PERSONNE, Cle, MessageRefuse, RendezVousLu
from orientation.rendez_vous.rattachement import Cause
from orientation.suivi.issues import noter_d_apres_l_editeur

ATTENTE_MAX_MS = 5_000


@dataclass(frozen=True, slots=True)
class Reception:
    """`est_cree` : ce message a créé le rendez-vous ; `est_applique` : il en a changé l’état."""

    rendez_vous: RendezVous
    est_cree: bool
    est_applique: bool


@transaction.atomic
def recevoir(
    *, editeur: Editeur, cle: Cle, lu: RendezVousLu, est_creation: bool, maintenant: datetime
) -> Reception:
    """Crée ou met à jour le rendez-vous que `cle` désigne chez cet éditeur ; rejouable.

    Deux messages du même rendez-vous se suivent, jamais ne se croisent. Le même
    message deux fois ne change rien. Un message plus ancien que l’état connu
    (`meta.lastUpdated`), ou une création (POST) qui arrive après une mise à
    jour, entre dans l’histoire sans être appliqué ; sans date, l’ordre est celui
    de la réception (docs/adr/0017).

    Lève `MessageRefuse` si le système de l’identifiant n’est pas déclaré.
    """
    if cle.systeme not in editeur.systemes_rendez_vous:
        raise MessageRefuse(422, "systeme", "Le système de l’identifiant n’est pas déclaré pour cet éditeur.")
    _attendre_son_tour(editeur, cle)
    connu = (
        RendezVous.objects.select_for_update(of=("self",), no_key=True)
        .filter(editeur=editeur, systeme=cle.systeme, valeur=cle.valeur)
        .first()
    )
    # L’avance d’une horloge d’éditeur ne doit pas écarter tout ce qui suivra.
    version_le = min(lu.version_le, maintenant) if lu.version_le else None
    if connu is not None and connu.empreinte == _empreinte(lu):
        return Reception(connu, est_cree=False, est_applique=False)
    if connu is not None and _est_depasse(connu, version_le, est_creation=est_creation):
        _noter(connu, lu, version_le, maintenant, est_applique=False)
        _tracer(connu, "rendez_vous.message_depasse")
        return Reception(connu, est_cree=False, est_applique=False)
    rendez_vous = connu or RendezVous(
        editeur=editeur,
        systeme=cle.systeme,
        valeur=cle.valeur,
        recu_le=maintenant,
        pris_le=rattachement.instant_de_prise(lu.pris_le, maintenant),
        rattachement=rattachement.RIEN.rattachement,
    )
    _appliquer(rendez_vous, lu, version_le, maintenant)
    rendez_vous.save()
    _noter(rendez_vous, lu, version_le, maintenant, est_applique=True)
    _prevenir(rendez_vous, maintenant)
    _tracer(rendez_vous, "rendez_vous.modifie" if connu else "rendez_vous.recu")
    if lu.patient_ecarte:
        # Rien n’est gardé du patient ; l’éditeur est à prévenir.
        _tracer(rendez_vous, "rendez_vous.patient_ecarte")
    return Reception(rendez_vous, est_cree=connu is None, est_applique=True)


def _attendre_son_tour(editeur: Editeur, cle: Cle) -> None:
    """Deux premières fois simultanées se suivent : il n’y a pas encore de ligne à verrouiller."""
    with connection.cursor() as curseur:
        curseur.execute("SELECT set_config('lock_timeout', %s, true)", [f"{ATTENTE_MAX_MS}ms"])
        curseur.execute(
            "SELECT pg_advisory_xact_lock(%s::int, hashtext(%s))",
            [-editeur.pk, f"{cle.systeme}|{cle.valeur}"],
        )


def _est_depasse(connu: RendezVous, version_le: datetime | None, *, est_creation: bool) -> bool:
    if version_le is not None and connu.version_le is not None:
        return version_le < connu.version_le
    return est_creation


def _appliquer(
    rendez_vous: RendezVous, lu: RendezVousLu, version_le: datetime | None, maintenant: datetime
) -> None:
    ancien_regulateur = rendez_vous.regulateur_id
    rendez_vous.statut = lu.statut
    rendez_vous.debut, rendez_vous.fin = lu.debut, lu.fin
    rendez_vous.est_sos = lu.est_sos
    if lu.professionnel or not rendez_vous.effecteur_identifiant:
        # SOS Médecins : un message sans médecin ne fait pas oublier celui qu’on connaît.
        rendez_vous.effecteur_identifiant = lu.professionnel
        rendez_vous.effecteur = _effecteur(lu.professionnel)
    if not rendez_vous.pseudonyme:
        rendez_vous.regulateur_systeme = lu.regulateur.systeme
        rendez_vous.regulateur_identifiant = lu.regulateur.valeur
        rendez_vous.regulateur = regulateur_designe(lu.regulateur)
    rendez_vous.modifie_le = maintenant
    rendez_vous.version_le = version_le or rendez_vous.version_le
    rendez_vous.empreinte = _empreinte(lu)
    meme_regulateur = rendez_vous.regulateur_id == ancien_regulateur
    cause = rattachement.trouver(rendez_vous)
    # Une cause trouvée ne se perd que pour une autre, certaine, ou si le régulateur n’est plus le même.
    if cause.est_trouvee or not (rendez_vous.est_rattache and meme_regulateur):
        _rattacher(rendez_vous, cause)
    rendez_vous.lieu_id = _lieu(rendez_vous, cause)


def _rattacher(rendez_vous: RendezVous, cause: Cause) -> None:
    rendez_vous.rattachement = cause.rattachement
    rendez_vous.redirection = cause.redirection
    rendez_vous.orientation = cause.orientation


def _lieu(rendez_vous: RendezVous, cause: Cause) -> int | None:
    """Celui de l’acte retrouvé, s’il est bien celui du professionnel ; sinon son seul lieu chez l’éditeur."""
    if cause.lieu_id is not None:
        return cause.lieu_id
    acte = rendez_vous.redirection or rendez_vous.orientation
    chez_l_editeur = rattachement.lieu_chez_l_editeur(rendez_vous)
    if acte is None or acte.lieu is None or chez_l_editeur is not None:
        return chez_l_editeur
    titulaire = acte.lieu.effecteur_id
    return acte.lieu_id if titulaire in (None, rendez_vous.effecteur_id) else None


def _effecteur(identifiant: str) -> Effecteur | None:
    return Effecteur.objects.filter(identifiant_national=identifiant).first() if identifiant else None


def regulateur_designe(cle: Cle) -> Compte | None:
    """Le compte que désigne l’identifiant envoyé à l’éditeur (INT_R02) ; rien s’il n’est à personne."""
    if cle.systeme == SYSTEME_PERSONNE:
        return Compte.objects.filter(identifiant_national=cle.valeur).first()
    try:
        technique = UUID(cle.valeur)
    except ValueError:
        return None
    return Compte.objects.filter(uuid=technique).first()


def _noter(
    rendez_vous: RendezVous,
    lu: RendezVousLu,
    version_le: datetime | None,
    maintenant: datetime,
    *,
    est_applique: bool,
) -> None:
    EtatRendezVous.objects.create(
        rendez_vous=rendez_vous,
        statut=lu.statut,
        debut=lu.debut,
        fin=lu.fin,
        effecteur_identifiant=lu.professionnel,
        rattachement=rendez_vous.rattachement,
        recu_le=maintenant,
        version_le=version_le,
        est_applique=est_applique,
    )


def _prevenir(rendez_vous: RendezVous, maintenant: datetime) -> None:
    """Ce que l’arrivée d’un rendez-vous change ailleurs, dans la même transaction : la recherche, puis le LRM."""
    tient = rendez_vous.statut in (StatutRendezVous.EN_ATTENTE, StatutRendezVous.CONFIRME)
    if tient and _peut_cacher(rendez_vous):
        masquer_apres_rendez_vous(
            debut=rendez_vous.debut,
            fin=rendez_vous.fin,
            maintenant=maintenant,
            lieu_id=rendez_vous.lieu_id,
            effecteur_id=rendez_vous.effecteur_id,
        )
    annoncer_rendez_vous(rendez_vous, maintenant=maintenant)
    noter_d_apres_l_editeur(rendez_vous, maintenant=maintenant)


def _peut_cacher(rendez_vous: RendezVous) -> bool:
    """Vrai si un acte de régulateur, ou un agenda chez cet éditeur, lie celui-ci au professionnel.

    Un éditeur ne retire pas de la recherche les créneaux que d’autres montrent de qui il ne sert pas.
    """
    if rendez_vous.lieu_id is not None:
        return True
    if rendez_vous.effecteur_id is None:
        return False
    raccordements = Raccordement.objects.filter(
        editeur=rendez_vous.editeur_id, effecteur=rendez_vous.effecteur_id
    )
    return rendez_vous.est_rattache or raccordements.exists()


def _empreinte(lu: RendezVousLu) -> str:
    """De tout ce qui est lu, version comprise : le même message, et lui seul, donne la même."""
    morceaux: list[Any] = [lu.statut.value, lu.debut, lu.fin, lu.est_sos, lu.regulateur, lu.professionnel]
    texte = "|".join(str(morceau) for morceau in [*morceaux, lu.pris_le, lu.version_le])
    return hashlib.sha256(texte.encode()).hexdigest()


def _tracer(rendez_vous: RendezVous, verbe: str) -> None:
    """L’éditeur n’a pas de compte ; ni l’identifiant du rendez-vous ni celui du régulateur ne sont recopiés."""
    tracer(
        acteur=None,
        verbe=verbe,
        objet=f"rendez_vous:{rendez_vous.uuid}",
        editeur=rendez_vous.editeur.code,
        statut=rendez_vous.statut,
        lieu=rendez_vous.lieu_id,
        rattachement=rendez_vous.rattachement,
    )
