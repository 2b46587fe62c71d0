"""Comparer un compte à ce qu’en savent les éditeurs, et écrire ce qu’ils doivent apprendre.

Le guide (§ INT_R02) : à la connexion pour ce qui a changé, aussitôt pour un droit
retiré. Sans connexion, on n’écrit donc que des désactivations, et l’on remet à jour
ce qui attend déjà.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from agenda.domaine.regulateurs import Personne, corps, empreinte
from agenda.enums import EtatEnvoi, Flux
from agenda.models import CopieRegulateur, Editeur, EnvoiRegulateur, RegulateurAComparer
from comptes.droits import TABLE
from comptes.enums import Action
from comptes.models import Compte, Habilitation

ROLES = frozenset(TABLE[Action.ORIENTER])
LOT = 500


@dataclass(frozen=True, slots=True)
class Voulu:
    """Ce que les éditeurs doivent savoir d’un compte, à un instant. `habilite` : actif et avec un rôle qui oriente."""

    personne: Personne
    habilite: bool
    anonymise: bool

    @property
    def manques(self) -> str:
        return ", ".join(self.personne.manques) if self.habilite else ""

    @property
    def actif(self) -> bool:
        """Un compte que l’on ne peut plus décrire se désactive : on ne saurait plus le faire ensuite."""
        return self.habilite and not self.personne.manques


def voulu(compte: Compte, *, instant: datetime) -> Voulu:
    roles = Habilitation.objects.filter(compte=compte, role__in=ROLES).en_cours(instant)
    return Voulu(
        personne=Personne(
            uuid=str(compte.uuid),
            identifiant_national=compte.identifiant_national or "",
            nom=compte.nom,
            prenom=compte.prenom,
            email=compte.email or "",
        ),
        habilite=compte.is_active and roles.exists(),
        anonymise=compte.anonymise_le is not None,
    )


def comparer_les_marques(*, maintenant: datetime) -> int:
    """Traite les comptes que les déclencheurs ont marqués ; rend leur nombre. Rejouable, et sans doublon."""
    numeros = list(RegulateurAComparer.objects.order_by("pk").values_list("pk", flat=True)[:LOT])
    for numero in numeros:
        with transaction.atomic():
            marques = RegulateurAComparer.objects.select_for_update(skip_locked=True)
            marque = marques.filter(pk=numero).first()
            if marque is None:
                continue
            retenue = Personne(**marque.personne) if marque.personne else None
            comparer(numero, maintenant=maintenant, connexion=marque.est_connexion, retenue=retenue)
            marque.delete()
    return len(numeros)


def retirer_les_echus(*, maintenant: datetime) -> int:
    """Désactive ce qu’aucun déclencheur n’a vu : un rôle arrivé à sa date de fin. Répare aussi tout oubli."""
    roles = Habilitation.objects.filter(compte=OuterRef("compte"), role__in=ROLES).en_cours(maintenant)
    retraits = EnvoiRegulateur.objects.en_suspens().filter(copie=OuterRef("pk"), actif=False)
    sans_droit = CopieRegulateur.objects.filter(peut_etre_active=True).exclude(
        Exists(roles), compte__is_active=True
    )
    comptes = sans_droit.exclude(Exists(retraits)).order_by("compte").values_list("compte", flat=True)
    numeros = list(comptes.distinct()[:LOT])
    for numero in numeros:
        comparer(numero, maintenant=maintenant)
    return len(numeros)


@transaction.atomic
def comparer(
    compte_id: int, *, maintenant: datetime, connexion: bool = False, retenue: Personne | None = None
) -> None:
    """Accorde chaque éditeur à ce compte. `retenue` : son identité d’avant, s’il vient de la perdre."""
    compte = Compte.objects.filter(pk=compte_id).first()
    if compte is None:
        return
    cible = voulu(compte, instant=maintenant)
    if connexion and cible.habilite:
        ouverts = Editeur.objects.filter(est_actif=True, flux__contains=[Flux.COMPTES]).order_by("pk")
        CopieRegulateur.objects.bulk_create(
            [CopieRegulateur(compte=compte, editeur=editeur) for editeur in ouverts], ignore_conflicts=True
        )
    for copie in _verrouillees(CopieRegulateur.objects.filter(compte=compte)):
        accorder(copie, cible, maintenant=maintenant, relance=connexion, retenue=retenue)


def _verrouillees(copies: QuerySet[CopieRegulateur]) -> list[CopieRegulateur]:
    """Toujours dans le même ordre : deux transactions ne s’attendent pas l’une l’autre."""
    return list(copies.select_for_update(of=("self",)).order_by("pk"))


def accorder(
    copie: CopieRegulateur,
    cible: Voulu,
    *,
    maintenant: datetime,
    relance: bool = False,
    retenue: Personne | None = None,
) -> EnvoiRegulateur | None:
    """Écrit ce que cet éditeur doit apprendre, à la place de ce qui attendait ; rend ce qui attend ensuite.

    À appeler sous le verrou de la copie. `relance` : la personne se connecte, ou
    quelqu’un renvoie ; sans elle, un état à jour ou inconnu de l’éditeur le reste.
    """
    attendait = copie.envois.en_suspens().first()
    _noter_les_manques(copie, cible.manques)
    message: tuple[Personne, bool] | None = None
    if cible.actif:
        a_jour = copie.empreinte == empreinte(corps(cible.personne, actif=True))
        if not a_jour and (attendait or relance):
            message = cible.personne, True
    elif copie.peut_etre_active:
        qui = _entiere(cible.personne, retenue, attendait.qui if attendait else None)
        message = (qui, False) if qui else None
    if message is None:
        if attendait:
            attendait.clore(EtatEnvoi.REMPLACE, le=maintenant)
        _oublier_l_identifiant(copie, cible)
        return None
    return _ecrire(copie, attendait, message, maintenant=maintenant, relance=relance)


def _ecrire(
    copie: CopieRegulateur,
    attendait: EnvoiRegulateur | None,
    message: tuple[Personne, bool],
    *,
    maintenant: datetime,
    relance: bool,
) -> EnvoiRegulateur:
    personne, actif = message
    if attendait and (attendait.qui, attendait.actif) == message:
        if relance:
            attendait.relancer(le=maintenant)
        return attendait
    if attendait:
        attendait.clore(EtatEnvoi.REMPLACE, le=maintenant)
    return EnvoiRegulateur.objects.create(
        copie=copie, personne=asdict(personne), actif=actif, cree_le=maintenant, prochain_essai_le=maintenant
    )


def _entiere(*personnes: Personne | None) -> Personne | None:
    return next((personne for personne in personnes if personne and not personne.manques), None)


def _noter_les_manques(copie: CopieRegulateur, manques: str) -> None:
    if copie.manque != manques:
        copie.manque = manques
        copie.save(update_fields=["manque"])


def _oublier_l_identifiant(copie: CopieRegulateur, cible: Voulu) -> None:
    """L’éditeur l’a désactivé, et le compte n’a plus d’identité : rien ici n’a plus à le désigner."""
    if cible.anonymise and not copie.peut_etre_active and copie.identifiant + copie.identifiant_essaye:
        copie.identifiant = copie.identifiant_essaye = copie.empreinte = ""
        copie.save(update_fields=["identifiant", "identifiant_essaye", "empreinte"])
