"""Le relevé, acte par acte : compté ou non, pourquoi, ce qu’il permet de coter, et où l’on en est dans la semaine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from annuaire.models import LieuExercice
from orientation.enums import Issue, TypeOrientation
from orientation.models import Orientation, OrientationQuerySet, RendezVous
from remuneration.domaine.actes import reclamables
from remuneration.domaine.baremes import en_vigueur
from remuneration.domaine.periodes import bornes, trimestre_de
from remuneration.enums import MAJORATIONS, MotifActe, Prestation, SourceActe
from remuneration.espace.acces import Beneficiaire
from remuneration.models import Acte, Regle
from sas_platform.socle.francais import heure, jour_long

_PARIS = "Europe/Paris"


@dataclass(frozen=True, slots=True)
class Majoration:
    """`reclamable` faux : le plafond de la semaine est passé."""

    libelle: str
    montant: Decimal
    reclamable: bool


@dataclass(frozen=True, slots=True)
class ActeVu:
    """Un acte tel qu’on le lit, à l’heure du lieu. `uuid` : l’orientation dont l’issue peut encore se dire."""

    acte: Acte
    instant: datetime
    type: str
    issue: str
    compte: bool
    majorations: list[Majoration]
    uuid: UUID | None

    @property
    def jour_ecrit(self) -> str:
        return jour_long(self.instant).capitalize()

    @property
    def heure(self) -> str:
        return heure(self.instant)

    @property
    def total_reclamable(self) -> Decimal:
        return sum((m.montant for m in self.majorations if m.reclamable), Decimal(0))


@dataclass(frozen=True, slots=True)
class Semaine:
    """Où l’on en est du plafond des majorations. `plafond` nul : sans limite."""

    lundi: date
    majores: int
    plafond: int | None

    @property
    def depasse(self) -> bool:
        return self.plafond is not None and self.majores > self.plafond


def vus(
    actes: Sequence[Acte],
    regles: Iterable[Regle],
    beneficiaire: Beneficiaire,
    *,
    medecins: int = 1,
    maintenant: datetime,
) -> list[ActeVu]:
    """Dans l’ordre donné. `regles` : celles de la période ; `medecins` : une structure a le plafond de chacun."""
    fuseaux = _fuseaux(actes, beneficiaire)
    a_dire = _issues_a_dire(actes, beneficiaire, maintenant=maintenant)
    bareme = {p: [r for r in regles if r.prestation == p] for p in MAJORATIONS}
    return [
        ActeVu(
            acte=acte,
            instant=acte.debut.astimezone(fuseaux[acte.source, acte.numero]),
            type=TypeOrientation(acte.type).label if acte.type in TypeOrientation.values else acte.type,
            issue=Issue(acte.issue).label if acte.issue in Issue.values else acte.issue,
            compte=acte.motif == MotifActe.COMPTE,
            majorations=_majorations(acte, bareme, medecins),
            uuid=a_dire.get(acte.numero) if acte.source == SourceActe.ORIENTATION else None,
        )
        for acte in actes
    ]


def _majorations(acte: Acte, bareme: Mapping[Prestation, list[Regle]], medecins: int) -> list[Majoration]:
    valables = {p: en_vigueur(regles, acte.jour) for p, regles in bareme.items()}
    plafonds = {
        p.value: r.plafond_hebdo * max(1, medecins) if r and r.plafond_hebdo else None
        for p, r in valables.items()
    }
    admises = reclamables(acte.majorations, acte.rang, plafonds)
    return [
        Majoration(p.label, regle.montant, p.value in admises)
        for p, regle in valables.items()
        if p.value in acte.majorations and regle and regle.montant is not None
    ]


def semaine(actes: Iterable[Acte], regles: Iterable[Regle], lundi: date, *, medecins: int = 1) -> Semaine:
    """Les actes qui ouvrent droit à majoration cette semaine-là, sur le plafond de celle de soins non programmés."""
    majores = [a for a in actes if a.semaine == lundi and a.rang is not None]
    snp = [r for r in regles if r.prestation == Prestation.MAJORATION_SNP]
    regle = en_vigueur(snp, lundi)
    plafond = regle.plafond_hebdo * max(1, medecins) if regle and regle.plafond_hebdo else None
    # Le rang compte aussi ceux d’un autre trimestre, si la semaine est à cheval.
    return Semaine(lundi, max((a.rang or 0 for a in majores), default=0), plafond)


def _fuseaux(actes: Sequence[Acte], beneficiaire: Beneficiaire) -> dict[tuple[str, int], ZoneInfo]:
    """Le fuseau du lieu de chaque acte ; celui du bénéficiaire quand la source ne nomme pas de lieu."""
    connus = {
        SourceActe.ORIENTATION: dict(
            Orientation.objects.filter(pk__in=_numeros(actes, SourceActe.ORIENTATION)).values_list(
                "pk", "lieu__fuseau"
            )
        ),
        SourceActe.RENDEZ_VOUS: dict(
            RendezVous.objects.filter(
                pk__in=_numeros(actes, SourceActe.RENDEZ_VOUS), lieu__isnull=False
            ).values_list("pk", "lieu__fuseau")
        ),
    }
    habituel = fuseau_de(beneficiaire)
    return {
        (a.source, a.numero): ZoneInfo(connus[SourceActe(a.source)][a.numero])
        if a.numero in connus.get(SourceActe(a.source), {})
        else habituel
        for a in actes
    }


def fuseau_de(beneficiaire: Beneficiaire) -> ZoneInfo:
    """Celui de son lieu principal."""
    lieux = LieuExercice.objects.filter(beneficiaire.ses())
    return ZoneInfo(lieux.order_by("-est_actif", "pk").values_list("fuseau", flat=True).first() or _PARIS)


def _numeros(actes: Iterable[Acte], source: SourceActe) -> list[int]:
    return [acte.numero for acte in actes if acte.source == source]


def _issues_a_dire(
    actes: Iterable[Acte], beneficiaire: Beneficiaire, *, maintenant: datetime
) -> dict[int, UUID]:
    en_attente = [a for a in actes if a.motif == MotifActe.ISSUE_INCONNUE and a.debut <= maintenant]
    numeros = _numeros(en_attente, SourceActe.ORIENTATION)
    if not numeros:
        return {}
    a_dire = issues_a_dire(beneficiaire, maintenant=maintenant).filter(issues=None)
    return dict(a_dire.filter(pk__in=numeros).values_list("pk", "uuid"))


def issues_a_dire(beneficiaire: Beneficiaire, *, maintenant: datetime) -> OrientationQuerySet:
    """Ses orientations dont l’issue se dit encore : celles de ce trimestre et du précédent (docs/adr/0029).

    Le tableau des patients adressés s’arrête à quinze jours ; ici une somme en dépend, et qui la reçoit a plus longtemps.
    """
    fuseau = fuseau_de(beneficiaire)
    debut, _ = bornes(trimestre_de(maintenant.astimezone(fuseau).date()))
    precedent, _ = bornes(trimestre_de(date.fromordinal(debut.toordinal() - 1)))
    siennes = beneficiaire.ses()
    if beneficiaire.structure:
        siennes |= Q(lieu__structure=beneficiaire.structure)
    depuis = datetime(precedent.year, precedent.month, precedent.day, tzinfo=fuseau)
    return Orientation.objects.filter(siennes, debut__gte=depuis, debut__lte=maintenant, annulee_le=None)
