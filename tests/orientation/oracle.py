"""La recherche, écrite sans base ni ruse : on lit chaque lieu, on juge, on trie, on compte.

Ne partage rien avec `orientation.lectures` ni avec `agenda.offre` ; les règles
sont celles de metier.md (S-24, S-40, S-43, S-60, S-81) et du docs/adr/0025.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import inf

DELAIS = {
    "0-4": (0, 4),
    "4-8": (4, 8),
    "8-12": (8, 12),
    "12-24": (12, 24),
    "24-48": (24, 48),
    "48-72": (48, 72),
}


@dataclass(frozen=True)
class Creneau:
    debut: datetime
    fin: datetime
    est_plage: bool
    capacite: int
    prises: int
    modalites: tuple[str, ...]


@dataclass(frozen=True)
class Lieu:
    """Un lieu d’effecteur, ou d’un centre de santé (`effecteur` nul)."""

    id: int
    km: float
    effecteur: int | None
    departement: str
    modalite: str = ""  # vide : ne participe pas
    rattache: bool = False
    cpts: int | None = None
    dans_un_centre: bool = False
    centre_participe: bool = False
    forfait: bool = False
    secteur: str = ""
    accueil: tuple[str, ...] = ()
    langues: tuple[str, ...] = ()
    creneaux: tuple[Creneau, ...] = ()
    sollicite_le: tuple[datetime, ...] = ()
    ferme_jusqu_a: datetime | None = None  # depuis la veille

    @property
    def participe(self) -> bool:
        if self.effecteur is None:
            return self.centre_participe
        if self.dans_un_centre or not self.modalite:
            return False
        return self.rattache if self.modalite == "cpts" else True

    @property
    def en_sus(self) -> bool:
        return self.participe and (self.effecteur is None or self.modalite in ("individuel", "cpts"))

    @property
    def sa_cpts(self) -> int | None:
        return self.cpts if self.modalite == "cpts" and self.participe else None

    @property
    def nature(self) -> str:
        return "cds" if self.effecteur is None else "10"


@dataclass(frozen=True)
class Demande:
    rayon_km: float
    liste: str = "toutes"
    modalites: tuple[str, ...] = ()
    delais: tuple[str, ...] = ()
    natures: tuple[str, ...] = ()
    secteurs: tuple[str, ...] = ()
    vitale: tuple[str, ...] = ()
    fauteuil: tuple[str, ...] = ()
    langues: tuple[str, ...] = ()
    departement: str = ""
    traitant: tuple[int, ...] = ()
    regroupees: tuple[int, ...] = ()

    @property
    def cherche_un_creneau(self) -> bool:
        return self.liste in ("toutes", "libres")


@dataclass
class Reponse:
    ids: list[int]
    total: int
    groupes: dict[int, int]
    listes: dict[str, int]
    traitants: tuple[int, int]  # lieux du médecin traitant, et ceux qui ont un créneau
    facettes: dict[str, dict[str, int]]
    premiers: list[int] = field(default_factory=list)  # lieux qui annoncent leur CPTS


def terme(maintenant: datetime) -> datetime:
    """Minuit après J+2, 72 heures au plus ; tous les lieux de ces mondes sont à l’heure de `maintenant`."""
    minuit = maintenant.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=3)
    return min(maintenant + timedelta(hours=72), minuit)


def est_absent(lieu: Lieu, maintenant: datetime) -> bool:
    return lieu.ferme_jusqu_a is not None and lieu.ferme_jusqu_a >= terme(maintenant)


def ouvert(lieu: Lieu, creneau: Creneau) -> Creneau | None:
    """Un créneau que la fermeture touche n’est plus ; une plage en garde la fin."""
    retour = lieu.ferme_jusqu_a
    if retour is None or creneau.debut >= retour:
        return creneau
    return replace(creneau, debut=retour) if creneau.est_plage and creneau.fin > retour else None


def proposables(lieu: Lieu, maintenant: datetime) -> list[Creneau]:
    return [
        creneau
        for saisi in lieu.creneaux
        if (creneau := ouvert(lieu, saisi))
        and creneau.prises < creneau.capacite
        and creneau.debut < terme(maintenant)
        and (creneau.fin if creneau.est_plage else creneau.debut) > maintenant
    ]


def repond(creneau: Creneau, demande: Demande, maintenant: datetime) -> bool:
    if demande.modalites and not set(demande.modalites) & set(creneau.modalites):
        return False
    return not demande.delais or any(touche(creneau, delai, maintenant) for delai in demande.delais)


def touche(creneau: Creneau, delai: str, maintenant: datetime) -> bool:
    de, a = (maintenant + timedelta(hours=heures) for heures in DELAIS[delai])
    if creneau.est_plage:
        return creneau.debut < a and creneau.fin > de
    return de <= creneau.debut < a


def retenu(lieu: Lieu, demande: Demande, maintenant: datetime) -> bool:
    if demande.natures and lieu.nature not in demande.natures:
        return False
    if demande.secteurs and (lieu.secteur or "non_renseigne") not in demande.secteurs:
        return False
    if demande.vitale and "carte_vitale" not in lieu.accueil:
        return False
    if demande.fauteuil and "fauteuil" not in lieu.accueil:
        return False
    if demande.langues and not set(demande.langues) & set(lieu.langues):
        return False
    tous = proposables(lieu, maintenant)
    bons = [creneau for creneau in tous if repond(creneau, demande, maintenant)]
    if demande.liste == "toutes":
        return bool(bons) or not (demande.modalites or demande.delais)
    return {"libres": bool(bons), "hors": not tous, "en_sus": lieu.en_sus, "forfait": lieu.forfait}[
        demande.liste
    ]


def chercher(monde: list[Lieu], demande: Demande, maintenant: datetime) -> Reponse:
    traitants = [lieu for lieu in monde if lieu.effecteur in demande.traitant]
    zone = [
        lieu
        for lieu in monde
        if lieu not in traitants
        and not est_absent(lieu, maintenant)
        and lieu.km <= demande.rayon_km
        and (not demande.departement or lieu.departement == demande.departement)
    ]
    retenus = [lieu for lieu in zone if retenu(lieu, demande, maintenant)]

    def premier(lieu: Lieu) -> datetime | None:
        comptent = demande if demande.cherche_un_creneau else replace(demande, modalites=(), delais=())
        debuts = [
            max(c.debut, maintenant) for c in proposables(lieu, maintenant) if repond(c, comptent, maintenant)
        ]
        return min(debuts, default=None)

    def groupe(lieu: Lieu) -> int:
        if lieu in traitants:
            return 0
        if premier(lieu):
            return 1 if lieu.participe else 2
        return 3 if lieu.en_sus else 4

    def rang(lieu: Lieu) -> tuple:
        debut = premier(lieu)
        demi_heure = int(debut.timestamp()) // 1800 if debut else inf
        recentes = [le for le in lieu.sollicite_le if le > maintenant - timedelta(days=7)]
        derniere = max(recentes).timestamp() if recentes else 0
        return groupe(lieu), demi_heure, int(lieu.km), derniere, lieu.km, lieu.id

    ranges = sorted(traitants + retenus, key=rang)
    montres, vues = [], set()
    premiers = []
    for lieu in ranges:
        cpts = lieu.sa_cpts if lieu.sa_cpts in demande.regroupees and groupe(lieu) else None
        if cpts and cpts in vues and not premier(lieu):
            continue
        if cpts and cpts not in vues:
            premiers.append(lieu.id)
        vues.add(cpts)
        montres.append(lieu)
    return Reponse(
        ids=[lieu.id for lieu in montres],
        total=len(ranges),
        groupes={lieu.id: groupe(lieu) for lieu in montres},
        listes={
            liste: len(traitants)
            + sum(retenu(lieu, replace(demande, liste=liste), maintenant) for lieu in zone)
            for liste in ("toutes", "libres", "hors", "en_sus", "forfait")
        },
        traitants=(len(traitants), sum(premier(lieu) is not None for lieu in traitants)),
        facettes=facettes(zone, demande, maintenant),
        premiers=premiers,
    )


def facettes(zone: list[Lieu], demande: Demande, maintenant: datetime) -> dict[str, dict[str, int]]:
    """Chaque nombre est celui de la recherche où l’on ne coche que cette valeur, les autres filtres gardés."""

    def nombre(**seule: tuple[str, ...]) -> int:
        return sum(retenu(lieu, replace(demande, **seule), maintenant) for lieu in zone)

    valeurs = {
        "natures": ["10", "cds"],
        "secteurs": ["secteur_1", "secteur_2", "non_renseigne"],
        "vitale": ["oui"],
        "fauteuil": ["oui"],
        "langues": ["en", "ar"],
    }
    if demande.cherche_un_creneau:
        valeurs |= {"modalites": ["cabinet", "teleconsultation", "domicile"], "delais": list(DELAIS)}
    return {
        nom: dict(+Counter({valeur: nombre(**{nom: (valeur,)}) for valeur in siennes}))
        for nom, siennes in valeurs.items()
    }
