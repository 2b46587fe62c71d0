"""Ce qui a été calculé, clos et remis pour un bénéficiaire ; ce qu’un rectificatif y a changé."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from annuaire.models import Departement, LieuExercice
from remuneration.caisse import fichiers
from remuneration.enums import MAJORATIONS, Etape, EtatContestation
from remuneration.espace.acces import Beneficiaire
from remuneration.models import Acte, Calcul, Contestation, Decompte, Export, Periode

CHANGEMENTS_MONTRES = 50


@dataclass(frozen=True, slots=True)
class Version:
    """Un calcul et ce qu’il dit de ce bénéficiaire."""

    calcul: Calcul
    decomptes: list[Decompte]

    @property
    def est_close(self) -> bool:
        return self.calcul.etape == Etape.CLOS

    @property
    def du(self) -> Decimal:
        """Ce que la caisse verse ; les majorations, elles, se facturent acte par acte."""
        return sum((d.montant for d in self.decomptes if d.prestation not in MAJORATIONS), Decimal(0))


@dataclass(frozen=True, slots=True)
class PeriodeVue:
    """Une période et ses versions, la dernière d’abord. Un rectificatif en préparation ne se montre pas encore."""

    periode: Periode
    versions: list[Version]
    rectificatif_en_cours: bool
    contestation: Contestation | None

    @property
    def derniere(self) -> Version:
        return self.versions[0]

    @property
    def est_close(self) -> bool:
        return self.derniere.est_close


def periodes_de(beneficiaire: Beneficiaire, *, code: str = "") -> list[PeriodeVue]:
    """Les périodes calculées, la plus récente d’abord ; seulement celle de `code`, s’il est donné.

    Une période close se montre même sans décompte : n’y être pas se conteste aussi.
    """
    calculs = Calcul.objects.filter(etape__in=(Etape.FAIT, Etape.CLOS)).select_related("periode")
    if code:
        calculs = calculs.filter(periode__code=code)
    par_periode: dict[int, list[Calcul]] = defaultdict(list)
    for calcul in calculs.order_by("-periode__debut", "-periode__code", "-version"):
        par_periode[calcul.periode_id].append(calcul)
    montres = {pk: _montres(siens) for pk, siens in par_periode.items()}
    decomptes = _decomptes(beneficiaire, [c for siens in montres.values() for c in siens])
    contestations = _contestations(beneficiaire, montres)
    return [
        PeriodeVue(
            periode=siens[0].periode,
            versions=[Version(c, decomptes[c.pk]) for c in montres[pk]],
            rectificatif_en_cours=len(montres[pk]) < len(siens),
            contestation=contestations.get(pk),
        )
        for pk, siens in par_periode.items()
    ]


def _montres(calculs: Sequence[Calcul]) -> list[Calcul]:
    """Les clos ; à défaut, le premier calcul, provisoire."""
    return [c for c in calculs if c.etape == Etape.CLOS] or list(calculs)


def _decomptes(beneficiaire: Beneficiaire, calculs: Iterable[Calcul]) -> dict[int, list[Decompte]]:
    lus = Decompte.objects.filter(beneficiaire.ses(), calcul__in=list(calculs))
    ranges: dict[int, list[Decompte]] = defaultdict(list)
    for decompte in (
        lus.select_related("regle", "departement", "territoire")
        .prefetch_related("regle__tranches")
        .order_by("prestation", "regle__debut", "pk")
    ):
        ranges[decompte.calcul_id].append(decompte)
    return ranges


def _contestations(beneficiaire: Beneficiaire, periodes: Iterable[int]) -> dict[int, Contestation]:
    """La dernière de chaque période, ouverte de préférence."""
    lues = Contestation.objects.filter(beneficiaire.ses(), periode__in=list(periodes))
    ranges: dict[int, Contestation] = {}
    for contestation in lues.order_by("ouverte_le", "pk"):
        deja = ranges.get(contestation.periode_id)
        if deja is None or deja.etat == EtatContestation.CLOSE:
            ranges[contestation.periode_id] = contestation
    return ranges


@dataclass(frozen=True, slots=True)
class Recu:
    """Un fichier validé, et ses lignes à soi, cellule pour cellule : celles des autres n’en sortent pas.

    `colonnes` : l’en-tête, puis la valeur de chacune de ces lignes. `rectifie_par` : le fichier qui en change une.
    """

    export: Export
    colonnes: list[tuple[str, ...]]
    rectifie_par: Export | None

    @property
    def lignes(self) -> int:
        return len(self.colonnes[0]) - 1


def recus_par_la_caisse(vue: PeriodeVue, beneficiaire: Beneficiaire) -> list[Recu]:
    """Les fichiers de la période qui portent au moins une ligne à lui, du premier au dernier."""
    cles = beneficiaire.cles()
    exports = Export.objects.filter(
        calcul__in=[version.calcul for version in vue.versions], valide_le__isnull=False, cles__overlap=cles
    )
    trouves = list(exports.select_related("calcul").order_by("calcul__version", "nature", "pk"))
    rectificatifs = {export.rectifie_id: export for export in trouves}
    return [Recu(export, _ses_colonnes(export, cles), rectificatifs.get(export.pk)) for export in trouves]


def _ses_colonnes(export: Export, cles: Sequence[int]) -> list[tuple[str, ...]]:
    entetes, *rangees = fichiers.lire(bytes(export.contenu))
    siennes = [rangee for cle, rangee in zip(export.cles, rangees, strict=True) if cle in cles]
    return list(zip(entetes, *siennes, strict=True))


def est_servie(caisse: Departement | None, vue: PeriodeVue) -> bool:
    """Un fichier au moins de cette période est validé pour cette caisse, qu’il y soit nommé ou non."""
    calculs = [version.calcul for version in vue.versions]
    return Export.objects.filter(calcul__in=calculs, departement=caisse, valide_le__isnull=False).exists()


@dataclass(frozen=True, slots=True)
class EcartDePrestation:
    prestation: str
    nombres: tuple[int, int]
    montants: tuple[Decimal, Decimal]

    @property
    def ecart(self) -> Decimal:
        return self.montants[1] - self.montants[0]


@dataclass(frozen=True, slots=True)
class EcartDActe:
    """Un acte dont le compte a changé ; vide d’un côté, il n’y était pas."""

    acte: Acte
    avant: str
    apres: str


@dataclass(frozen=True, slots=True)
class Ecart:
    """Ce qu’une version rectificative change à celle d’avant."""

    version: Version
    prestations: list[EcartDePrestation] = field(default_factory=list)
    actes: list[EcartDActe] = field(default_factory=list)

    @property
    def est_nul(self) -> bool:
        return not (self.prestations or self.actes)


def ecarts(vue: PeriodeVue, beneficiaire: Beneficiaire) -> list[Ecart]:
    """De la version la plus récente à la deuxième."""
    couples = zip(vue.versions, vue.versions[1:], strict=False)
    return [
        Ecart(
            version=apres,
            prestations=_ecarts_de_prestation(avant, apres),
            actes=_ecarts_d_acte(avant, apres, beneficiaire),
        )
        for apres, avant in couples
    ]


def _ecarts_de_prestation(avant: Version, apres: Version) -> list[EcartDePrestation]:
    anciens = {(d.prestation, d.regle_id): d for d in avant.decomptes}
    nouveaux = {(d.prestation, d.regle_id): d for d in apres.decomptes}
    trouves = []
    for cle in sorted(anciens.keys() | nouveaux.keys()):
        ancien, nouveau = anciens.get(cle), nouveaux.get(cle)
        nombres = (ancien.nombre if ancien else 0, nouveau.nombre if nouveau else 0)
        montants = (ancien.montant if ancien else Decimal(0), nouveau.montant if nouveau else Decimal(0))
        if nombres[0] != nombres[1] or montants[0] != montants[1]:
            libelle = (nouveau or anciens[cle]).get_prestation_display()
            trouves.append(EcartDePrestation(libelle, nombres, montants))
    return trouves


def _ecarts_d_acte(avant: Version, apres: Version, beneficiaire: Beneficiaire) -> list[EcartDActe]:
    lus = Acte.objects.filter(beneficiaire.ses(), calcul__in=(avant.calcul, apres.calcul))
    par_acte: dict[tuple[str, int], dict[int, Acte]] = defaultdict(dict)
    for acte in lus.order_by("debut", "source", "numero"):
        par_acte[acte.source, acte.numero][acte.calcul_id] = acte
    a_avant = any(avant.calcul.pk in versions for versions in par_acte.values())
    if not a_avant and any(decompte.nombre for decompte in avant.decomptes):
        return []  # le détail de la version d’avant est effacé, au terme de sa conservation
    trouves = []
    for versions in par_acte.values():
        ancien, nouveau = versions.get(avant.calcul.pk), versions.get(apres.calcul.pk)
        if ancien and nouveau and ancien.motif == nouveau.motif:
            continue
        trouves.append(
            EcartDActe(
                next(iter(versions.values())),
                ancien.get_motif_display() if ancien else "",
                nouveau.get_motif_display() if nouveau else "",
            )
        )
    return trouves[:CHANGEMENTS_MONTRES]


def caisse_de(beneficiaire: Beneficiaire, vue: PeriodeVue) -> Departement | None:
    """Le département de la caisse : celui des décomptes, à défaut celui du lieu d’exercice principal."""
    for version in vue.versions:
        for decompte in version.decomptes:
            return decompte.departement
    if beneficiaire.structure:
        commune = beneficiaire.structure.commune
        return commune.departement if commune else None
    lieux = LieuExercice.objects.filter(effecteur=beneficiaire.effecteur)
    principal = lieux.select_related("commune__departement").order_by("-est_actif", "pk").first()
    return principal.commune.departement if principal else None
