"""Où en est un compte chez chaque éditeur ; où en sont les comptes chez un éditeur."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Prefetch, QuerySet

from agenda.enums import EtatCopie, EtatEnvoi
from agenda.models import CopieRegulateur, Editeur, EnvoiRegulateur
from comptes.models import Compte

COULEURS = {
    EtatCopie.A_JOUR: "success",
    EtatCopie.FERME: "info",
    EtatCopie.EN_ATTENTE: "new",
    EtatCopie.EN_ECHEC: "error",
    EtatCopie.INCOMPLET: "warning",
    EtatCopie.INCONNU: "",
}


@dataclass(frozen=True, slots=True)
class Ligne:
    """Un compte chez un éditeur. `demande` : ce que l’éditeur doit encore apprendre, en clair."""

    copie: CopieRegulateur
    envoi: EnvoiRegulateur | None
    etat: EtatCopie

    @property
    def couleur(self) -> str:
        return COULEURS[self.etat]

    @property
    def depuis(self) -> datetime | None:
        return self.envoi.cree_le if self.envoi else self.copie.acquittee_le

    @property
    def demande(self) -> str:
        if self.envoi is None:
            return ""
        if not self.envoi.actif:
            return "désactivation"
        return "mise à jour" if self.copie.acquittee_le else "création"

    @property
    def motif(self) -> str:
        if self.envoi is not None:
            return self.envoi.reponse
        return f"Il manque\u00a0: {self.copie.manque}." if self.copie.manque else ""

    @property
    def prochain_essai_le(self) -> datetime | None:
        attend = self.envoi is not None and self.envoi.etat == EtatEnvoi.A_ENVOYER
        return self.envoi.prochain_essai_le if self.envoi and attend else None


@dataclass(frozen=True, slots=True)
class Suivi:
    """Les comptes chez un éditeur. `a_regarder` : en échec, en attente, incomplets, du plus ancien au plus récent."""

    nombres: dict[EtatCopie, int]
    a_regarder: list[Ligne]
    dernier_acquitte_le: datetime | None


def du_compte(compte: Compte) -> list[Ligne]:
    copies = CopieRegulateur.objects.filter(compte=compte).select_related("editeur")
    return _lignes(copies.order_by("editeur__nom", "pk"))


def de_l_editeur(editeur: Editeur) -> Suivi:
    """Deux requêtes. Quelques milliers de comptes au plus (fhir.md § 6.1)."""
    lignes = _lignes(CopieRegulateur.objects.filter(editeur=editeur).select_related("compte").order_by("pk"))
    nombres = Counter(ligne.etat for ligne in lignes)
    regards = (EtatCopie.EN_ECHEC, EtatCopie.EN_ATTENTE, EtatCopie.INCOMPLET)
    return Suivi(
        nombres={etat: nombres[etat] for etat in EtatCopie},
        a_regarder=sorted(
            (ligne for ligne in lignes if ligne.etat in regards),
            key=lambda ligne: (
                regards.index(ligne.etat),
                ligne.envoi.cree_le.timestamp() if ligne.envoi else 0,
            ),
        ),
        dernier_acquitte_le=max(
            (ligne.copie.acquittee_le for ligne in lignes if ligne.copie.acquittee_le), default=None
        ),
    )


def derniers_envois(editeur: Editeur, *, nombre: int = 20) -> QuerySet[EnvoiRegulateur]:
    """Les derniers acquittés, sans leur contenu, qui n’est plus gardé."""
    acquittes = EnvoiRegulateur.objects.filter(copie__editeur=editeur, etat=EtatEnvoi.ACQUITTE)
    return acquittes.select_related("copie__compte").order_by(F("clos_le").desc(), "-pk")[:nombre]


def _lignes(copies: QuerySet[CopieRegulateur]) -> list[Ligne]:
    suspens = Prefetch("envois", queryset=EnvoiRegulateur.objects.en_suspens(), to_attr="suspens")
    return [_ligne(copie, getattr(copie, "suspens", ())) for copie in copies.prefetch_related(suspens)]


def _ligne(copie: CopieRegulateur, suspens: Iterable[EnvoiRegulateur]) -> Ligne:
    envoi = next(iter(suspens), None)
    return Ligne(copie, envoi, copie.etat(envoi))
