"""Relire un planning : chaque ligne passe par les refus d’une saisie à l’écran, colonne par colonne."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from agenda.domaine.saisie import Saisie, refus, regles
from agenda.enums import Genre, ModaliteConsultation
from agenda.saisie.lots import AOuvrir, preparer
from annuaire.models import LieuExercice
from participation.models import Participation
from sas_platform.socle.francais import JOURS
from sas_platform.socle.textes import normaliser

DISPONIBILITES_MAX = 20_000
_SEPARATEURS = re.compile(r"[|/,+]|\bet\b")
_DATE = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})|(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_HEURE = re.compile(r"(\d{1,2})\s*(?:[h:]\s*(\d{2})?(?::00)?)?", re.ASCII | re.IGNORECASE)
_JOURS = {nom: rang for rang, nom in enumerate(JOURS, start=1)}
_GENRES = {normaliser(genre.label): genre for genre in Genre} | {str(genre): genre for genre in Genre}
_TYPES = {normaliser(type_.label): type_ for type_ in ModaliteConsultation} | {
    normaliser(str(type_)): type_ for type_ in ModaliteConsultation
}
_TYPES |= {"c": ModaliteConsultation.CABINET, "t": ModaliteConsultation.TELECONSULTATION}
_TYPES |= {"d": ModaliteConsultation.DOMICILE, "visite": ModaliteConsultation.DOMICILE}
# Champ refusé par la saisie → colonne du fichier.
_COLONNES = {
    "premier_jour": "du",
    "dernier_jour": "au",
    "jours": "jour",
    "toutes_les_n_semaines": "semaines",
    "heure_debut": "de",
    "heure_fin": "a",
    "modalites": "types",
    "capacite": "patients",
    "duree_creneau_min": "duree_creneau",
}


@dataclass(slots=True)
class LigneRelue:
    """Une ligne du fichier, et ce qui l’empêche d’être ouverte : colonne → messages."""

    numero: int
    donnees: Mapping[str, str]
    erreurs: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    lieu: LieuExercice | None = None
    saisie: Saisie | None = None

    @property
    def refus(self) -> list[tuple[str, str, str]]:
        """(colonne, valeur lue, ce qu’il faut y faire)."""
        return [
            (colonne, self.donnees.get(colonne, ""), message)
            for colonne, tous in self.erreurs.items()
            for message in tous
        ]


@dataclass
class Lot:
    lignes: list[LigneRelue]
    maintenant: datetime

    @property
    def fautives(self) -> list[LigneRelue]:
        return [ligne for ligne in self.lignes if ligne.erreurs]

    def par_lieu(self) -> dict[LieuExercice, list[Saisie]]:
        """Ce qu’il y a à ouvrir en chaque lieu, dans l’ordre des lieux ; d’un lot sans faute seulement."""
        ouvrir: dict[LieuExercice, list[Saisie]] = defaultdict(list)
        for ligne in sorted(
            self.lignes, key=lambda ligne: (ligne.lieu.pk if ligne.lieu else 0, ligne.numero)
        ):
            assert ligne.lieu is not None
            assert ligne.saisie is not None
            ouvrir[ligne.lieu].append(ligne.saisie)
        return dict(ouvrir)

    @cached_property
    def a_ouvrir(self) -> AOuvrir:
        """Ce qui serait ajouté, et ce qui est déjà là ; d’un lot sans faute seulement. Une requête."""
        return preparer(self.par_lieu(), maintenant=self.maintenant)


def relire(
    lignes: Iterable[tuple[int, Mapping[str, str]]], *, tenus: QuerySet[LieuExercice], maintenant: datetime
) -> Lot:
    """Ce que le fichier ouvrirait ; `tenus` : les lieux dont la personne tient l’agenda. Deux requêtes."""
    relues = [LigneRelue(numero, donnees) for numero, donnees in lignes]
    lieux = _Lieux(tenus, {relue.donnees.get("lieu", "") for relue in relues})
    total = 0
    for relue in relues:
        relue.lieu = lieux.trouver(relue)
        fuseau = ZoneInfo(relue.lieu.fuseau) if relue.lieu else ZoneInfo("Europe/Paris")
        relue.saisie = _saisie(relue, maintenant.astimezone(fuseau).date())
        if relue.saisie and relue.lieu:
            for defaut in refus(relue.saisie, maintenant=maintenant, fuseau=fuseau):
                relue.erreurs[_colonne(defaut.champ, relue)].append(defaut.message)
        if relue.saisie and not relue.erreurs:
            total += len(regles(relue.saisie, fuseau))
            if total > DISPONIBILITES_MAX:
                relue.erreurs["duree_creneau"].append(
                    f"Le fichier ouvrirait plus de {DISPONIBILITES_MAX} disponibilités\u00a0: partagez-le."
                )
                break
    _refuser_les_doubles(relues)
    return Lot(relues, maintenant)


class _Lieux:
    """Les lieux que nomme un fichier : par leur numéro, ou par l’identifiant national d’un effecteur qui n’en a qu’un."""

    def __init__(self, tenus: QuerySet[LieuExercice], cites: set[str]) -> None:
        numeros = {int(c) for c in cites if _est_un_numero(c) and len(c) <= 10}
        nationaux = {n for c in cites if _est_un_numero(c) for n in (c, f"8{c}", f"0{c}")}
        tenus = tenus.filter(est_actif=True).select_related("effecteur", "structure", "commune")
        self.par_numero = {lieu.pk: lieu for lieu in tenus.filter(pk__in=numeros)}
        self.par_national: dict[str, list[LieuExercice]] = defaultdict(list)
        for lieu in tenus.filter(effecteur__identifiant_national__in=nationaux).order_by("pk"):
            if lieu.effecteur is not None:
                self.par_national[lieu.effecteur.identifiant_national].append(lieu)
        trouves = [
            *self.par_numero.values(),
            *(lieu for siens in self.par_national.values() for lieu in siens),
        ]
        effecteurs = {lieu.effecteur_id for lieu in trouves if lieu.effecteur_id}
        participations = Participation.objects.filter(effecteur__in=effecteurs).select_related("structure")
        self.fermes = {
            p.effecteur_id for p in participations if not p.declaration(lieux_rattaches=0).agenda_saisi_ouvert
        }

    def trouver(self, relue: LigneRelue) -> LieuExercice | None:
        cite = relue.donnees.get("lieu", "")
        lieux = []
        if _est_un_numero(cite):
            lieux = [self.par_numero[int(cite)]] if int(cite) in self.par_numero else []
            lieux = lieux or [
                lieu for n in (cite, f"8{cite}", f"0{cite}") for lieu in self.par_national.get(n, [])
            ]
        if len(lieux) == 1 and lieux[0].effecteur_id not in self.fermes:
            return lieux[0]
        relue.erreurs["lieu"].append(_defaut_du_lieu(cite, lieux))
        return None


def _defaut_du_lieu(cite: str, lieux: list[LieuExercice]) -> str:
    if not cite:
        return "Indiquez le numéro du lieu\u00a0: il est dans le modèle."
    if len(lieux) > 1:
        return "Ce professionnel a plusieurs lieux\u00a0: indiquez le numéro de l’un d’eux, du modèle."
    if lieux:
        return "L’agenda de ce lieu est fermé à la saisie, d’après la participation déclarée."
    return "Lieu inconnu, ou dont vous ne tenez pas l’agenda."


def _est_un_numero(texte: str) -> bool:
    return texte.isascii() and texte.isdecimal() and len(texte) <= 12


# --- Les cellules ---------------------------------------------------------------


def _saisie(relue: LigneRelue, aujourd_hui: date) -> Saisie | None:
    cellules = relue.donnees
    jours, jour = _jours(relue)
    premier = jour or _date(relue, "du") or aujourd_hui
    dernier = _date(relue, "au")
    if jour is not None and (cellules.get("du") or cellules.get("au")):
        relue.erreurs["du"].append(
            "Une date seule ne se répète pas\u00a0: laissez «\u00a0du\u00a0» et «\u00a0au\u00a0» vides."
        )
    de, a = _heure(relue, "de"), _heure(relue, "a")
    genre = _GENRES.get(normaliser(cellules.get("genre", "")))
    if genre is None:
        relue.erreurs["genre"].append("Indiquez «\u00a0créneau\u00a0» ou «\u00a0plage\u00a0».")
    types = _types(relue)
    patients = _entier(relue, "patients", 1)
    semaines = _entier(relue, "semaines", 1)
    duree = _entier(relue, "duree_creneau", 0)
    if relue.erreurs.keys() - {"lieu"} or de is None or a is None or genre is None:
        return None
    return Saisie(
        est_plage=genre == Genre.PLAGE,
        capacite=patients,
        modalites=types,
        premier_jour=premier,
        horaires=((de, a),),
        jours=jours,
        dernier_jour=dernier,
        toutes_les_n_semaines=semaines,
        duree_creneau_min=duree or None,
    )


def _jours(relue: LigneRelue) -> tuple[frozenset[int], date | None]:
    """Des jours de la semaine, ou une date."""
    texte = relue.donnees.get("jour", "")
    if (jour := _en_date(texte)) is not None:
        return frozenset(), jour
    noms = [normaliser(nom) for nom in _SEPARATEURS.split(texte) if nom.strip()]
    noms = [mot for nom in noms for mot in nom.split()]
    if not noms or any(nom not in _JOURS for nom in noms):
        relue.erreurs["jour"].append(
            "Indiquez une date (30/11/2026) ou des jours («\u00a0lundi, jeudi\u00a0»)."
        )
        return frozenset(), None
    return frozenset(_JOURS[nom] for nom in noms), None


def _date(relue: LigneRelue, colonne: str) -> date | None:
    texte = relue.donnees.get(colonne, "")
    if not texte:
        return None
    if (jour := _en_date(texte)) is None:
        relue.erreurs[colonne].append("Cette date ne se lit pas\u00a0: écrivez 30/11/2026.")
    return jour


@lru_cache(maxsize=2048)
def _en_date(texte: str) -> date | None:
    trouve = _DATE.fullmatch(texte.strip())
    if trouve is None:
        return None
    jour, mois, annee, annee_iso, mois_iso, jour_iso = trouve.groups()
    try:
        return date(int(annee or annee_iso), int(mois or mois_iso), int(jour or jour_iso))
    except ValueError:
        return None


def _heure(relue: LigneRelue, colonne: str) -> time | None:
    trouve = _HEURE.fullmatch(relue.donnees.get(colonne, "").strip())
    if trouve is not None:
        heures, minutes = int(trouve[1]), int(trouve[2] or 0)
        if heures < 24 and minutes < 60:
            return time(heures, minutes)
    relue.erreurs[colonne].append("Cette heure ne se lit pas\u00a0: écrivez 9:00 ou 14h30.")
    return None


def _types(relue: LigneRelue) -> tuple[str, ...]:
    trouves = set()
    for nom in _SEPARATEURS.split(relue.donnees.get("types", "")):
        if not nom.strip():
            continue
        if (type_ := _TYPES.get(normaliser(nom))) is None:
            relue.erreurs["types"].append("Types de consultation\u00a0: cabinet, téléconsultation, domicile.")
            break
        trouves.add(type_)
    return tuple(str(type_) for type_ in ModaliteConsultation if type_ in trouves)


def _entier(relue: LigneRelue, colonne: str, defaut: int) -> int:
    texte = relue.donnees.get(colonne, "").strip()
    if not texte:
        return defaut
    if texte.isascii() and texte.isdecimal() and len(texte) <= 4:
        return int(texte)
    relue.erreurs[colonne].append("Indiquez un nombre entier.")
    return defaut


def _colonne(champ: str, relue: LigneRelue) -> str:
    if champ == "premier_jour" and not relue.donnees.get("du"):
        return "jour"
    return _COLONNES[champ]


def _refuser_les_doubles(relues: list[LigneRelue]) -> None:
    """Deux lignes pareilles ouvriraient deux fois la même chose : l’une est de trop."""
    vues: dict[tuple[LieuExercice, Saisie], int] = {}
    for relue in relues:
        if relue.lieu is None or relue.saisie is None:
            continue
        premiere = vues.setdefault((relue.lieu, relue.saisie), relue.numero)
        if premiere != relue.numero:
            relue.erreurs["lieu"].append(f"Cette ligne répète la ligne {premiere}.")
