"""Les preuves à emporter : décomptes, conditions, heures et actes, en CSV et en PDF. Rien n’y manque, rien n’y diffère de l’écran."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from agenda.eligibilite.lectures import en_heures
from agenda.models import ReleveHebdomadaire
from remuneration.domaine.ecriture import euros
from remuneration.domaine.periodes import bornes, semaines_de
from remuneration.espace import pdf
from remuneration.espace.acces import Beneficiaire
from remuneration.espace.actes import ActeVu, Majoration
from remuneration.espace.rendu import PrestationVue
from sas_platform.socle.francais import date_longue, heure
from sas_platform.socle.tableurs import en_csv

ENTETES = ("Prestation", "Sujet", "Libellé", "Valeur")
ENTETES_ACTES = (
    "Jour",
    "Heure",
    "Semaine du",
    "Orientée le",
    "Type",
    "Source",
    "Numéro",
    "Compté",
    "Motif",
    "Issue",
    "Rang dans la semaine",
    "Majorations réclamables",
    "Montant des majorations (€)",
    "Majorations au-delà du plafond",
)


@dataclass(frozen=True, slots=True)
class HeuresDUneSemaine:
    lundi: date
    minutes: int
    seuil_min: int


@dataclass(frozen=True, slots=True)
class Dossier:
    """Tout ce qui fonde une période pour quelqu’un. `etat` : provisoire, ou clos, et de quand."""

    beneficiaire: Beneficiaire
    code: str
    titre: str
    etat: str
    prestations: list[PrestationVue]
    actes: list[ActeVu]
    heures: list[HeuresDUneSemaine]

    @property
    def identite(self) -> list[tuple[str, str]]:
        if structure := self.beneficiaire.structure:
            numero = ("FINESS", structure.finess) if structure.finess else ("SIRET", structure.siret or "")
            return [("Structure", structure.nom), numero]
        effecteur = self.beneficiaire.effecteur
        assert effecteur is not None  # l’un ou l’autre
        return [("Professionnel", str(effecteur)), ("Identifiant national", effecteur.identifiant_national)]


def heures_de(beneficiaire: Beneficiaire, code: str) -> list[HeuresDUneSemaine]:
    """Les relevés des semaines de la période, tels qu’ils ont été faits."""
    debut, fin = bornes(code)
    relevees = ReleveHebdomadaire.objects.filter(beneficiaire.ses(), semaine__in=semaines_de(debut, fin))
    lus = relevees.order_by("semaine", "pk").values_list("semaine", "minutes", "seuil_min")
    return [HeuresDUneSemaine(*ligne) for ligne in lus]


# --- CSV ------------------------------------------------------------------------


def en_csv_des_decomptes(dossier: Dossier) -> bytes:
    """Une ligne par fait : le décompte, chaque condition, chaque preuve, chaque terme de la règle, chaque semaine."""
    return en_csv(ENTETES, _lignes(dossier))


def _lignes(dossier: Dossier) -> Iterator[tuple[object, ...]]:
    yield "", "Période", dossier.titre, dossier.etat
    for prestation in dossier.prestations:
        titre = prestation.titre
        yield titre, "Décompte", "Montant (€)", prestation.montant
        yield titre, "Décompte", "Ouvre droit", "oui" if prestation.est_due else "non"
        yield titre, "Décompte", "Nombre", prestation.nombre
        for libelle, valeur in prestation.preuves:
            yield titre, "Preuve", libelle, valeur
        for condition in prestation.conditions:
            yield titre, "Condition", condition.libelle, "remplie" if condition.remplie else "manque"
            yield titre, "Condition", "Constat", condition.phrase
            for libelle, valeur in condition.preuves:
                yield titre, "Preuve", libelle, valeur
        for libelle, valeur in prestation.lignes_de_la_regle:
            yield titre, "Règle appliquée", libelle, valeur
    for semaine in dossier.heures:
        montre = f"{en_heures(semaine.minutes)} sur {en_heures(semaine.seuil_min)}"
        yield "", "Heures montrées", f"{semaine.lundi:%Y-%m-%d}", montre


def en_csv_des_actes(dossier: Dossier) -> bytes:
    return en_csv(ENTETES_ACTES, map(_ligne_d_acte, dossier.actes))


def _ligne_d_acte(vu: ActeVu) -> tuple[object, ...]:
    acte = vu.acte
    return (
        f"{vu.instant:%Y-%m-%d}",
        f"{vu.instant:%H:%M}",
        f"{acte.semaine:%Y-%m-%d}",
        f"{acte.orientee_le.astimezone(vu.instant.tzinfo):%Y-%m-%d %H:%M}",
        vu.type,
        acte.get_source_display(),
        acte.numero,
        "oui" if vu.compte else "non",
        acte.get_motif_display(),
        vu.issue,
        acte.rang or "",
        ", ".join(_libelles(vu, reclamable=True)),
        vu.total_reclamable,
        ", ".join(_libelles(vu, reclamable=False)),
    )


def _libelles(vu: ActeVu, *, reclamable: bool) -> list[str]:
    return [_majoration(m) for m in vu.majorations if m.reclamable is reclamable]


def _majoration(majoration: Majoration) -> str:
    return f"{majoration.libelle} ({euros(majoration.montant)})"


# --- PDF ------------------------------------------------------------------------


def en_pdf(dossier: Dossier) -> bytes:
    titre = f"Preuves de participation au SAS\u00a0: {dossier.titre}"
    blocs = [pdf.paires(dossier.identite), pdf.paragraphe(dossier.etat)]
    for prestation in dossier.prestations:
        blocs += _blocs_de_prestation(prestation)
    blocs += _blocs_des_heures(dossier) + _blocs_des_actes(dossier)
    return pdf.en_pdf(titre, f"{dossier.beneficiaire.nom}, {dossier.titre}", blocs)


def _blocs_de_prestation(prestation: PrestationVue) -> list[pdf.Bloc]:
    resume = [("Montant", euros(prestation.montant)), ("Droit", prestation.etat.lower())]
    if prestation.compte:
        resume.append(("Compte", prestation.compte))
    blocs = [pdf.titre(prestation.titre), pdf.paires(resume + prestation.preuves)]
    if prestation.conditions:
        lignes = [
            (
                c.libelle,
                "remplie" if c.remplie else "manque",
                c.phrase,
                "\u00a0; ".join(f"{libelle}\u00a0: {valeur}" for libelle, valeur in c.preuves),
            )
            for c in prestation.conditions
        ]
        entetes = ("Condition", "État", "Constat", "Preuve")
        blocs.append(pdf.tableau(f"Conditions\u00a0: {prestation.titre}", entetes, lignes, (4, 2, 5, 5)))
    return [*blocs, pdf.titre("Règle appliquée", 2), pdf.paires(prestation.lignes_de_la_regle)]


def _blocs_des_heures(dossier: Dossier) -> list[pdf.Bloc]:
    if not dossier.heures:
        return []
    lignes = [
        (
            date_longue(s.lundi),
            en_heures(s.minutes),
            en_heures(s.seuil_min),
            "oui" if s.minutes >= s.seuil_min else "non",
        )
        for s in dossier.heures
    ]
    entetes = ("Semaine du", "Montré", "Demandé", "Atteint")
    return [
        pdf.titre("Heures montrées, semaine par semaine"),
        pdf.tableau("Relevés de la plateforme", entetes, lignes, (3, 2, 2, 2)),
    ]


def _blocs_des_actes(dossier: Dossier) -> list[pdf.Bloc]:
    titre = pdf.titre("Actes, un par un")
    if not dossier.actes:
        return [titre, pdf.paragraphe("Aucun acte relevé pendant cette période.")]
    lignes = [
        (
            f"{vu.instant:%d/%m/%Y}",
            heure(vu.instant),
            vu.type,
            "oui" if vu.compte else vu.acte.get_motif_display(),
            vu.issue,
            ", ".join(_libelles(vu, reclamable=True)),
        )
        for vu in dossier.actes
    ]
    entetes = ("Jour", "Heure", "Type", "Compté", "Issue", "Majorations réclamables")
    return [titre, pdf.tableau("Actes relevés, à l’heure du lieu", entetes, lignes, (3, 2, 5, 5, 3, 6))]
