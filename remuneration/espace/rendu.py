"""Une règle, ses conditions et ses preuves en mots : les mêmes à l’écran, dans le CSV et dans le PDF."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format

from agenda.eligibilite.lectures import en_heures
from agenda.enums import ModaliteConsultation
from orientation.enums import Issue
from remuneration.domaine.baremes import tranche_atteinte, tranche_suivante
from remuneration.domaine.ecriture import accorder, euros
from remuneration.enums import MAJORATIONS, Condition, Mode, Prestation
from remuneration.espace.acces import Beneficiaire
from remuneration.models import Decompte, Regle, Tranche
from sas_platform.socle.heures import heure

PAR_TRANCHES = (Prestation.PILOTE, Prestation.ACTIVITE)


@dataclass(frozen=True, slots=True)
class Remede:
    """Où l’on répare ce qui manque."""

    texte: str
    adresse: str


@dataclass(frozen=True, slots=True)
class ConditionVue:
    libelle: str
    remplie: bool
    phrase: str
    preuves: list[tuple[str, str]]
    remede: Remede | None = None


@dataclass(frozen=True, slots=True)
class Palier:
    """Où l’on en est dans les tranches d’un trimestre. `manquent` : actes avant la suivante."""

    atteinte: Tranche | None
    suivante: Tranche | None
    manquent: int


@dataclass(frozen=True, slots=True)
class PrestationVue:
    """Ce qu’une prestation vaut à quelqu’un, et pourquoi."""

    prestation: Prestation
    regle: Regle
    nombre: int
    montant: Decimal
    est_due: bool
    compte: str
    palier: Palier | None
    conditions: list[ConditionVue]
    preuves: list[tuple[str, str]] = field(default_factory=list)

    @property
    def titre(self) -> str:
        return self.prestation.label

    @property
    def etat(self) -> str:
        """« dû » se dit d’une somme : sous la première tranche, rien ne l’est encore."""
        return "Ouvre droit" if self.est_due else "N’ouvre pas droit"

    @property
    def lignes_de_la_regle(self) -> list[tuple[str, str]]:
        return decrire_regle(self.regle)


def du_decompte(decompte: Decompte) -> PrestationVue:
    prestation = Prestation(decompte.prestation)
    return prestation_vue(
        prestation=prestation,
        regle=decompte.regle,
        nombre=decompte.nombre,
        montant=decompte.montant,
        est_due=decompte.est_du,
        conditions=[(code, *jugee) for code, jugee in decompte.conditions.items()],
        preuve=decompte.preuve,
        de_structure=decompte.structure_id is not None,
    )


def prestation_vue(
    *,
    prestation: Prestation,
    regle: Regle,
    nombre: int,
    montant: Decimal,
    est_due: bool,
    conditions: Iterable[tuple[Any, ...]],
    preuve: Mapping[str, Any],
    de_structure: bool,
    pour: Beneficiaire | None = None,
) -> PrestationVue:
    """`conditions` : (code, remplie, phrase[, preuve]). `pour` : celui qui peut encore réparer ce qui manque."""
    tranches = list(regle.tranches.all())
    palier = None
    if prestation in PAR_TRANCHES:
        suivante = tranche_suivante(tranches, nombre)
        palier = Palier(tranche_atteinte(tranches, nombre), suivante, suivante.de - nombre if suivante else 0)
    return PrestationVue(
        prestation=prestation,
        regle=regle,
        nombre=nombre,
        montant=montant,
        est_due=est_due,
        compte=_compte(prestation, nombre, de_structure=de_structure),
        palier=palier,
        conditions=[_condition(pour, *jugee) for jugee in conditions],
        preuves=_preuves(preuve),
    )


def _compte(prestation: Prestation, nombre: int, *, de_structure: bool) -> str:
    if prestation in PAR_TRANCHES:
        return accorder(nombre, "acte compté", "actes comptés")
    if prestation in MAJORATIONS:
        return f"{accorder(nombre, 'acte')} ouvrant droit à majoration"
    return accorder(nombre, "médecin") if de_structure else ""


def _condition(
    pour: Beneficiaire | None,
    code: str,
    remplie: bool,
    phrase: str,
    preuve: Mapping[str, Any] | None = None,
) -> ConditionVue:
    condition = Condition(code)
    remede = _remede(condition, pour) if pour and not remplie else None
    return ConditionVue(condition.label, remplie, phrase, _preuves(preuve or {}), remede)


def _remede(condition: Condition, pour: Beneficiaire) -> Remede:
    structure = pour.structure
    if condition == Condition.SAS_OUVERT:
        return Remede("Demander ce qu’il en est à l’assistance", reverse("assistance:contact"))
    if condition == Condition.INSCRIT:
        return Remede("Vérifier votre compte", reverse("mon_compte:compte"))
    if condition == Condition.MONTRE:
        if structure:
            adresse = reverse("tableau:structure", kwargs={"structure_id": structure.pk})
            return Remede("Compléter les agendas de la structure", adresse)
        return Remede("Compléter votre agenda", reverse("tableau:accueil"))
    if structure:
        adresse = reverse("tableau:participation_structure", kwargs={"structure_id": structure.pk})
        return Remede("Éditer la participation de la structure", adresse)
    return Remede("Éditer votre participation", reverse("tableau:participation"))


# --- La règle ------------------------------------------------------------------


def decrire_regle(regle: Regle) -> list[tuple[str, str]]:
    """Ce que dit la règle, ligne à ligne, sa source comprise ; une ligne vide n’y est pas."""
    lignes = [
        ("Valable", validite(regle)),
        ("Montant", euros(regle.montant) if regle.montant is not None else ""),
        ("Tranches", "\u00a0; ".join(map(_tranche, regle.tranches.all()))),
        ("Modes admis", ", ".join(Mode(mode).label for mode in regle.modes)),
        ("Conditions", "\u00a0; ".join(Condition(code).label for code in regle.conditions)),
        ("Issues comptées", ", ".join(Issue(issue).label for issue in regle.issues)),
        (
            "À montrer par semaine et par médecin",
            en_heures(regle.minutes_hebdo) if regle.minutes_hebdo else "",
        ),
        ("Semaines sous ce seuil admises", _nombre(regle.semaines_manquantes_max)),
        ("Actes majorés par semaine, au plus", _nombre(regle.plafond_hebdo)),
        ("Délai après l’orientation", f"{regle.delai_h}\u00a0h au plus" if regle.delai_h else ""),
        ("Heure de la consultation", _heures(regle)),
        ("Modalité", ModaliteConsultation(regle.modalite).label if regle.modalite else ""),
        ("Texte", regle.source),
        ("Reste incertain", regle.remarque),
    ]
    return [(libelle, valeur) for libelle, valeur in lignes if valeur]


def validite(regle: Regle) -> str:
    """« du 1er janvier 2026 au 31 mars 2026 », le dernier jour compris."""
    debut = jour_ecrit(regle.debut)
    if regle.fin is None:
        return f"depuis le {debut}"
    return f"du {debut} au {jour_ecrit(regle.fin - timedelta(days=1))}"


def jour_ecrit(jour: date) -> str:
    ecrit = date_format(jour, "j F Y")
    return ecrit.replace("1 ", "1er ", 1) if jour.day == 1 else ecrit


def _tranche(tranche: Tranche) -> str:
    actes = f"de {tranche.de} à {tranche.a} actes" if tranche.a else f"{tranche.de} actes et plus"
    return f"{actes}, {euros(tranche.montant)}"


def _heures(regle: Regle) -> str:
    if regle.heure_debut is None or regle.heure_fin is None:
        return ""
    return f"de {heure(regle.heure_debut)} à {heure(regle.heure_fin)}"


def _nombre(valeur: int | None) -> str:
    return "" if valeur is None else str(valeur)


# --- Les preuves ----------------------------------------------------------------

# Ce que le calcul garde comme preuve ; une clé absente d’ici se montre sous son nom.
_LIBELLES = {
    "territoire": "Territoire",
    "jour": "Jugé au",
    "mode": "Mode",
    "semaines": "Semaines relevées",
    "courtes": "Semaines sous le seuil",
    "logiciel": "Logiciel interfacé",
    "organisation": "Solution interfacée de l’organisation",
}


def _preuves(preuve: Mapping[str, Any]) -> list[tuple[str, str]]:
    ecrites = [
        (_LIBELLES.get(cle, cle.replace("_", " ")), _valeur(cle, valeur)) for cle, valeur in preuve.items()
    ]
    return [(libelle, valeur) for libelle, valeur in ecrites if valeur]


def _valeur(cle: str, valeur: Any) -> str:
    if cle == "courtes":
        return "\u00a0; ".join(map(_semaine_courte, valeur))
    if cle == "mode":
        return Mode(valeur).label if valeur in Mode.values else str(valeur)
    if isinstance(valeur, bool):
        return "oui" if valeur else "non"
    if isinstance(valeur, list):
        return ", ".join(_valeur("", partie) for partie in valeur)
    if isinstance(valeur, str):
        try:
            return jour_ecrit(date.fromisoformat(valeur))
        except ValueError:
            return valeur
    return "" if valeur is None else str(valeur)


def _semaine_courte(semaine: Mapping[str, Any]) -> str:
    lundi = jour_ecrit(date.fromisoformat(semaine["semaine"]))
    if semaine["minutes"] is None:
        return f"semaine du {lundi}, aucun relevé"
    return f"semaine du {lundi}, {en_heures(semaine['minutes'])} sur {en_heures(semaine['seuil_min'])}"
