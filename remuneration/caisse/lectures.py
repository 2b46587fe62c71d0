"""Ce que les pages d’une caisse lisent : périodes, fichiers, comparaison avec la période d’avant, contestations."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from annuaire.champs import champ, departements_du
from annuaire.models import Departement
from comptes.enums import Action
from comptes.models import Compte
from remuneration.caisse import fichiers
from remuneration.domaine.periodes import annee_de, trimestre_de
from remuneration.enums import ANNUELLES, MAJORATIONS, Etape, EtatContestation, NatureExport, Prestation
from remuneration.models import Calcul, Contestation, Decompte, Export, Periode, Succession
from sas_platform.socle.tableurs import denuder

APERCU = 50


@dataclass(frozen=True, slots=True)
class Mesure:
    """Ce qu’une prestation vaut à un département. `dus` : bénéficiaires à qui une somme revient."""

    beneficiaires: int = 0
    dus: int = 0
    actes: int = 0
    montant: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Comparaison:
    prestation: Prestation
    avant: Mesure
    apres: Mesure

    @property
    def ecart(self) -> Decimal:
        return self.apres.montant - self.avant.montant

    @property
    def est_a_l_acte(self) -> bool:
        """Le forfait annuel, lui, compte des semaines pour les uns, des médecins pour les autres : rien à additionner."""
        return self.prestation not in ANNUELLES

    @property
    def est_cotee(self) -> bool:
        """Réclamée par le médecin, acte par acte : la caisse ne la verse pas d’après ce fichier."""
        return self.prestation in MAJORATIONS


@dataclass(frozen=True, slots=True)
class VuePeriode:
    """Une période close, vue d’un département ; `calcul` est la dernière version close."""

    periode: Periode
    calcul: Calcul
    remis: int
    valides: int
    produits: int
    contestations: int


def departements_de(compte: Compte, action: Action, *, instant: datetime) -> QuerySet[Departement]:
    return departements_du(champ(compte, action, instant=instant)).order_by("code")


def periodes_de(departement: Departement) -> list[VuePeriode]:
    """Périodes closes, la plus récente d’abord, et où en sont les fichiers de leur dernière version."""
    clos = Calcul.objects.filter(etape=Etape.CLOS).select_related("periode")
    derniers: dict[int, Calcul] = {}
    for calcul in clos.order_by("version"):
        derniers[calcul.periode_id] = calcul
    exports = Export.objects.filter(departement=departement, calcul__in=derniers.values()).order_by()
    comptes = {
        ligne["calcul"]: ligne
        for ligne in exports.values("calcul").annotate(
            produits=Count("pk"),
            valides=Count("pk", filter=Q(valide_le__isnull=False)),
            remis=Count("pk", filter=Q(remis_le__isnull=False)),
        )
    }
    ouvertes = Contestation.objects.filter(departement=departement).exclude(etat=EtatContestation.CLOSE)
    contestations = dict(ouvertes.order_by().values_list("periode").annotate(Count("pk")))
    rien = {"produits": 0, "valides": 0, "remis": 0}
    vues = []
    for calcul in derniers.values():
        c = comptes.get(calcul.pk, rien)
        en_cours = contestations.get(calcul.periode_id, 0)
        vues.append(VuePeriode(calcul.periode, calcul, c["remis"], c["valides"], c["produits"], en_cours))
    return sorted(vues, key=lambda vue: (vue.periode.debut, vue.periode.code), reverse=True)


def dernier_clos(periode: Periode) -> Calcul | None:
    return Calcul.objects.filter(periode=periode, etape=Etape.CLOS).order_by("-version").first()


def exports_de(periode: Periode, departement: Departement) -> list[Export]:
    """Tous ses fichiers, le plus récent d’abord, sans leur contenu."""
    siens = Export.objects.filter(calcul__periode=periode, departement=departement)
    lies = siens.select_related("calcul", "genere_par", "valide_par", "rectifie__calcul")
    rangs = {nature: rang for rang, nature in enumerate(NatureExport.values)}
    return sorted(
        lies.defer(
            "contenu", "manifeste", "cles", "rectifie__contenu", "rectifie__manifeste", "rectifie__cles"
        ),
        key=lambda export: (-export.calcul.version, rangs[export.nature]),
    )


def periode_d_avant(periode: Periode) -> Periode | None:
    veille = periode.debut - timedelta(days=1)
    code = trimestre_de(veille) if periode.est_trimestre else annee_de(veille)
    return Periode.objects.filter(code=code).first()


def comparer(calcul: Calcul, departement: Departement) -> tuple[Periode | None, list[Comparaison]]:
    """Prestation par prestation, ce calcul et la dernière version close de la période d’avant, s’il y en a une."""
    precedente = periode_d_avant(calcul.periode)
    ancien = dernier_clos(precedente) if precedente else None
    avant = _mesures(ancien, departement) if ancien else {}
    apres = _mesures(calcul, departement)
    prestations = [p for p in Prestation if p in avant or p in apres]
    lues = [Comparaison(p, avant.get(p, Mesure()), apres.get(p, Mesure())) for p in prestations]
    return (precedente if ancien else None), lues


def _mesures(calcul: Calcul, departement: Departement) -> dict[str, Mesure]:
    siens = Decompte.objects.filter(calcul=calcul, departement=departement).order_by()
    beneficiaires = Count("effecteur", distinct=True) + Count("structure", distinct=True)
    dus = Count("effecteur", distinct=True, filter=Q(est_du=True)) + Count(
        "structure", distinct=True, filter=Q(est_du=True)
    )
    groupes = siens.values("prestation").annotate(
        beneficiaires=beneficiaires, dus=dus, somme=Sum("montant"), total=Sum("nombre")
    )
    return {g["prestation"]: Mesure(g["beneficiaires"], g["dus"], g["total"], g["somme"]) for g in groupes}


@dataclass(frozen=True, slots=True)
class Apercu:
    entetes: list[str]
    rangees: list[list[str]]
    manifeste: dict[str, Any]


def apercu(export: Export) -> Apercu:
    """Le début du fichier, relu des octets gardés : ce que la personne valide est ce qui sera remis."""
    lecteur = fichiers.lire(bytes(export.contenu))
    entetes = next(lecteur)
    rangees = [
        [denuder(cellule) for cellule in ligne] for ligne, _ in zip(lecteur, range(APERCU), strict=False)
    ]
    return Apercu(entetes, rangees, json.loads(export.manifeste))


def contestations_de(departements: Iterable[Departement] | QuerySet[Departement]) -> QuerySet[Contestation]:
    """Celles qui attendent la caisse d’abord, puis les plus récentes."""
    siennes = Contestation.objects.filter(departement__in=departements)
    liees = siennes.select_related("periode", "effecteur", "structure", "departement")
    return liees.annotate(attend=Q(etat=EtatContestation.OUVERTE)).order_by("-attend", "-ouverte_le", "-pk")


def decomptes_contestes(contestation: Contestation) -> QuerySet[Decompte]:
    """Les décomptes du bénéficiaire, sous son nouvel identifiant s’il en a changé, dans la dernière version close."""
    siens = Q(effecteur=contestation.effecteur, structure=contestation.structure)
    if contestation.effecteur:
        siens |= Q(effecteur__in=Succession.objects.filter(ancien=contestation.effecteur).values("nouveau"))
    decomptes = Decompte.objects.filter(siens, calcul=dernier_clos(contestation.periode))
    return decomptes.select_related("regle").prefetch_related("regle__tranches").order_by("prestation", "pk")
