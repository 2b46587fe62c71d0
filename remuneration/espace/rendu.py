"""Une règle, ses conditions et ses preuves en mots : les mêmes à l’écran, dans le CSV et dans le PDF."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse

from agenda.eligibilite.lectures import en_heures
from agenda.enums import ModaliteConsultation
from orientation.enums import Issue
from remuneration.domaine.baremes import tranche_atteinte, tranche_suivante
from remuneration.domaine.ecriture import accorder, euros
from remuneration.enums import MAJORATIONS, PAR_TRANCHES, Condition, Mode, MotifActe, Prestation
from remuneration.espace.acces import Beneficiaire
from remuneration.models import Decompte, Regle, Tranche
from sas_platform.socle.francais import date_longue, heure

_PARIS = ZoneInfo("Europe/Paris")
INCERTAIN = "Reste incertain"


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
    en_cours: bool = False

    @property
    def titre(self) -> str:
        return self.prestation.label

    @property
    def etat(self) -> str:
        if self.prestation in MAJORATIONS:
            return "À coter" if self.est_due else "Rien à coter"
        if self.est_due:
            return "Dû si rien ne change" if self.en_cours else "Dû"
        return "Condition manquante" if self.manque else "Sous la première tranche"

    @property
    def manque(self) -> bool:
        return not all(condition.remplie for condition in self.conditions)

    @property
    def lignes_de_la_regle(self) -> list[tuple[str, str]]:
        return decrire_regle(self.regle)

    @property
    def termes_de_la_regle(self) -> list[tuple[str, str]]:
        """Sans ce qui reste incertain, que la page dit en clair."""
        return [ligne for ligne in self.lignes_de_la_regle if ligne[0] != INCERTAIN]


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
    jugees = [(*jugee, {}) if len(jugee) == 3 else jugee for jugee in conditions]
    dites = {cle for *_, preuve_dite in jugees for cle in preuve_dite}
    return PrestationVue(
        prestation=prestation,
        regle=regle,
        nombre=nombre,
        montant=montant,
        est_due=est_due,
        compte=_compte(prestation, nombre, de_structure=de_structure),
        palier=palier,
        conditions=[_condition(pour, *jugee) for jugee in jugees],
        preuves=_preuves({cle: valeur for cle, valeur in preuve.items() if cle not in dites}),
        en_cours=pour is not None,
    )


def _compte(prestation: Prestation, nombre: int, *, de_structure: bool) -> str:
    if prestation in PAR_TRANCHES:
        return accorder(nombre, "acte compté", "actes comptés")
    if prestation in MAJORATIONS:
        return f"{accorder(nombre, 'acte')} ouvrant droit à majoration"
    if de_structure:
        return accorder(nombre, "médecin")
    # Qui montre son logiciel n’a pas de semaine à relever.
    return accorder(nombre, "semaine relevée", "semaines relevées") if nombre else ""


def _condition(
    pour: Beneficiaire | None,
    code: str,
    remplie: bool,
    phrase: str,
    preuve: Mapping[str, Any],
) -> ConditionVue:
    libelle = Condition(code).label if code in Condition.values else "Mode de participation admis"
    remede = _remede(code, pour) if pour and not remplie else None
    return ConditionVue(libelle, remplie, phrase, _preuves(preuve), remede)


def _remede(condition: str, pour: Beneficiaire) -> Remede:
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
        (INCERTAIN, regle.remarque),
    ]
    return [(libelle, valeur) for libelle, valeur in lignes if valeur]


def validite(regle: Regle) -> str:
    """« du 1er janvier 2026 au 31 mars 2026 », le dernier jour compris."""
    debut = date_longue(regle.debut)
    if regle.fin is None:
        return f"depuis le {debut}"
    return f"du {debut} au {date_longue(regle.fin - timedelta(days=1))}"


def instant_ecrit(instant: datetime) -> str:
    """« 2 novembre 2026 à 9 h », à l’heure de Paris."""
    local = instant.astimezone(_PARIS)
    return f"{date_longue(local)} à {heure(local)}"


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

# Ce que le calcul garde comme preuve, dans l’ordre où on le lit ; une clé absente d’ici se montre sous son nom.
_LIBELLES = {
    "jour": "Jugé au",
    "territoire": "Territoire",
    "mode": "Mode",
    "logiciel": "Logiciel interfacé",
    "organisation": "Solution interfacée de l’organisation",
    "medecins": "Médecins",
    "semaines": "Semaines à montrer",
    "relevees": "Semaines relevées",
    "minutes_min": "Semaine la moins fournie",
    "minutes_moyenne": "En moyenne par semaine",
    "seuil_min": "Demandé par semaine",
    "courtes": "Semaines sous le seuil",
    "declarations": "Déclarations",
    "actes": "Actes relevés",
    "motifs": "Dont",
    "permises": "Actes qui l’ouvrent",
    "plafond_hebdo": "Plafond par semaine et par médecin",
    "semaines_plafonnees": "Semaines où le plafond est passé",
}
# La page les dit mieux : la tranche atteinte et la suivante ont leur phrase.
_DITES_AILLEURS = {"tranche", "suivante"}
_EN_MINUTES = {"minutes_min", "minutes_moyenne", "seuil_min"}


def _preuves(preuve: Mapping[str, Any]) -> list[tuple[str, str]]:
    rangs = list(_LIBELLES)
    cles = sorted(
        preuve.keys() - _DITES_AILLEURS, key=lambda c: (rangs.index(c) if c in _LIBELLES else len(rangs), c)
    )
    ecrites = [(_LIBELLES.get(cle, cle.replace("_", " ")), _valeur(cle, preuve[cle])) for cle in cles]
    return [(libelle, valeur) for libelle, valeur in ecrites if valeur]


def _valeur(cle: str, valeur: Any) -> str:
    if valeur is None:
        return ""
    if cle == "courtes":
        return "\u00a0; ".join(map(_semaine_courte, valeur))
    if cle == "declarations":
        return "\u00a0; ".join(map(_declaration, valeur))
    if cle == "motifs":
        return ", ".join(f"{nombre} «\u00a0{MotifActe(m).label}\u00a0»" for m, nombre in valeur.items())
    if cle == "semaines_plafonnees":
        return ", ".join(f"semaine du {_jour_iso(lundi)}" for lundi in valeur)
    if cle == "mode":
        return _mode(valeur)
    if cle == "jour":
        return _jour_iso(valeur)
    if cle in _EN_MINUTES:
        return en_heures(int(valeur))
    if isinstance(valeur, bool):
        return "oui" if valeur else "non"
    return str(valeur)


def _semaine_courte(semaine: Mapping[str, Any]) -> str:
    lundi = _jour_iso(semaine["semaine"])
    if semaine["minutes"] is None:
        return f"semaine du {lundi}, aucun relevé"
    return f"semaine du {lundi}, {en_heures(semaine['minutes'])}"


def _declaration(declaration: Mapping[str, Any]) -> str:
    le = datetime.fromisoformat(declaration["le"]).astimezone(_PARIS)
    if not declaration["participe"]:
        return f"le {date_longue(le)}, ne participe pas"
    mode = _mode(declaration["mode"])
    return f"le {date_longue(le)}, participe" + (f" ({mode})" if mode else "")


def _mode(code: str | None) -> str:
    return Mode(code).label.lower() if code in Mode.values else code or ""


def _jour_iso(jour: str) -> str:
    return date_longue(date.fromisoformat(jour))
