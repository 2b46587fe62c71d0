"""Les offres d’une page : des lignes de l’instruction aux cartes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.db import connection

from agenda.lectures import PlaceGardee
from agenda.models import OffreLieu
from agenda.offre import (
    MASQUES,
    MASQUES_ACCUEIL,
    CarteAdresse,
    CarteEffecteur,
    CarteStructure,
    CreneauOffert,
    decodeur_carte,
)
from annuaire.enums import Accueil, Langue
from orientation import sollicitation
from orientation.lectures.criteres import (
    DELAIS,
    DISPONIBILITES,
    HORS,
    LIBRES,
    NON_RENSEIGNE,
    OUI,
    Criteres,
    Page,
)
from orientation.lectures.instruction import fenetres_de, instruction_de_comptes, parametres_de
from orientation.lectures.lignes import Ligne, Trouvees, ages_de, lancer, lire, proposables, raison


class Offre(msgspec.Struct, omit_defaults=True):
    """Une carte de la page. `groupe` : voir `Groupe` ; `distance_km` à vol d’oiseau.

    `suspension` : pourquoi un lieu qui accepte des patients en sus n’en reçoit pas à cet instant.
    `via` : par quoi il participe (`participation.enums.Modalite`) ; `cpts` : nom de sa CPTS, si c’est par elle.
    """

    id: str
    groupe: int
    raison_du_rang: str
    distance_km: float
    effecteur: CarteEffecteur | None
    structure: CarteStructure | None
    lieu: CarteAdresse
    participe: bool
    en_sus: bool
    creneaux: list[CreneauOffert]
    suspension: str = ""
    via: str = ""
    cpts: str = ""
    forfait: bool = False


@dataclass(frozen=True, slots=True)
class CptsGroupee:
    """Une CPTS du secteur, dite au rang de son premier membre ; ceux qui ont un créneau restent à leur place."""

    id: int
    nom: str
    telephone: str
    informations: str
    membres: int
    libres: int


class Facettes(msgspec.Struct, frozen=True):
    """Offres que donnerait chaque valeur d’un filtre, les autres filtres gardés ; le médecin traitant n’y compte pas."""

    natures: dict[str, int]
    secteurs: dict[str, int]
    vitale: dict[str, int]
    fauteuil: dict[str, int]
    langues: dict[str, int]
    modalites: dict[str, int]
    delais: dict[str, int]


@dataclass(frozen=True, slots=True)
class Resultats:
    """Une page. `total` : offres de la liste demandée, `pliees` comprises ; `listes` : le total de chaque liste.

    `traitants` : lieux du médecin traitant, que toute liste montre et compte ; `traitants_libres` : avec un créneau.
    `pliees` : membres de CPTS sans créneau, rangés derrière le premier de leur CPTS. `contacts` : ceux
    qui sont réservés à qui oriente, par identifiant d’offre ; hors des offres, que tous lisent.
    `gardee` : la place que tient qui cherche.
    """

    total: int
    listes: dict[str, int]
    pliees: int
    traitants: int
    traitants_libres: int
    page: int
    par_page: int
    rayon_km: float
    offres: list[Offre]
    contacts: dict[str, sollicitation.Contact]
    cpts: dict[str, CptsGroupee]
    facettes: Facettes | None
    gardee: PlaceGardee | None

    @property
    def lieu_ids(self) -> list[int]:
        return [int(offre.lieu.id[1:]) for offre in self.offres]

    @property
    def libres(self) -> int:
        """Offres qui ont un créneau ; la liste « libres » montre aussi le médecin traitant qui n’en a pas."""
        return self.listes[LIBRES] - self.traitants + self.traitants_libres

    @property
    def hors(self) -> int:
        return self.listes[HORS]

    @property
    def pages(self) -> int:
        return max(1, -(-(self.total - self.pliees) // self.par_page))


@contextmanager
def recherche_lancee(
    criteres: Criteres, page: Page, *, maintenant: datetime
) -> Iterator[Callable[[], Resultats]]:
    """Comme `rechercher`, mais sans attendre : ce qui est rendu lit la réponse, une fois, à la sortie."""
    with lancer(criteres, page, maintenant) as trouvees:
        yield lambda: _resultats(trouvees(), page.par_page)


def rechercher(
    criteres: Criteres,
    *,
    maintenant: datetime,
    page: int = 1,
    par_page: int = 25,
    facettes: bool = False,
    apres: int | None = None,
) -> Resultats:
    """Les offres de la zone, dans l’ordre de toute la zone (docs/adr/0025) ; la suite : voir `Page`."""
    return _resultats(lire(criteres, Page(page, par_page, facettes, apres), maintenant), par_page)


def _resultats(trouvees: Trouvees, par_page: int) -> Resultats:
    tete = trouvees.tete
    return Resultats(
        total=tete.total,
        listes={nom: getattr(tete, nom) for nom in DISPONIBILITES},
        pliees=tete.pliees,
        traitants=tete.traitants,
        traitants_libres=tete.traitants_libres,
        page=trouvees.page,
        par_page=par_page,
        rayon_km=trouvees.criteres.rayon_km,
        offres=[offre_de(ligne, trouvees) for ligne in trouvees.lignes],
        contacts=_contacts(trouvees.lignes),
        cpts={f"l{ligne.lieu_id}": _groupee(ligne) for ligne in trouvees.lignes if ligne.membres},
        facettes=_facettes(tete.facettes) if tete.facettes else None,
        gardee=trouvees.criteres.gardee,
    )


def compter(demandes: Sequence[Criteres], *, maintenant: datetime) -> list[tuple[int, int]]:
    """Pour chaque recherche, combien d’offres elle montrerait, puis combien avec un créneau ; une instruction."""
    if not demandes:
        return []
    fenetres = fenetres_de(maintenant)
    parametres = {
        f"p{rang}_{nom}": valeur
        for rang, criteres in enumerate(demandes)
        for nom, valeur in parametres_de(criteres, maintenant, fenetres).items()
    }
    with connection.cursor() as curseur:
        curseur.execute(instruction_de_comptes(demandes), parametres)
        return [(total, libres) for total, libres in curseur.fetchone()]


def _facettes(texte: str) -> Facettes:
    lues = msgspec.json.decode(texte)
    accueil = dict(zip(MASQUES_ACCUEIL, lues["accueil"], strict=True))
    return Facettes(
        natures=lues["natures"] or {},
        secteurs={secteur or NON_RENSEIGNE: n for secteur, n in (lues["secteurs"] or {}).items()},
        vitale={OUI: accueil[Accueil.CARTE_VITALE]},
        fauteuil={OUI: accueil[Accueil.FAUTEUIL]},
        langues={langue: accueil[langue] for langue in Langue.values},
        modalites=dict(zip(MASQUES, lues["modalites"], strict=True)),
        delais=dict(zip(DELAIS, lues["delais"], strict=True)),
    )


def _groupee(ligne: Ligne) -> CptsGroupee:
    return CptsGroupee(
        id=ligne.cpts_id or 0,
        nom=ligne.cpts or "",
        telephone=ligne.cpts_telephone or "",
        informations=ligne.cpts_informations or "",
        membres=ligne.membres or 0,
        libres=ligne.membres_libres or 0,
    )


def _contacts(lignes: list[Ligne]) -> dict[str, sollicitation.Contact]:
    return {
        f"l{ligne.lieu_id}": sollicitation.contact(ligne.telephone_prive or "", ligne.heures_d_appel or "")
        for ligne in lignes
        if ligne.telephone_prive or ligne.heures_d_appel
    }


def offre_de(ligne: Ligne, trouvees: Trouvees) -> Offre:
    carte = decodeur_carte.decode(ligne.document)
    ages = ages_de(ligne, trouvees)
    creneaux = []
    for position in proposables(ligne, trouvees, ages):
        creneau = carte.creneaux[position]
        age = ages[ligne.fraicheurs[position]]
        creneau.age_s, creneau.est_ancien = age.secondes, age.est_ancien
        creneaux.append(creneau)
    creneaux = _avec_la_place_gardee(creneaux, ligne, trouvees)
    return Offre(
        id=carte.lieu.id,
        groupe=ligne.groupe,
        raison_du_rang=raison(ligne, trouvees),
        distance_km=round(ligne.km, 2),
        effecteur=carte.effecteur,
        structure=carte.structure,
        lieu=carte.lieu,
        participe=ligne.participe,
        en_sus=ligne.accepte_en_sus and ligne.suspension is None,
        creneaux=creneaux,
        suspension=ligne.motif_de_suspension,
        via=ligne.via,
        cpts=ligne.cpts or "",
        forfait=ligne.accepte_le_forfait,
    )


def _avec_la_place_gardee(
    creneaux: list[CreneauOffert], ligne: Ligne, trouvees: Trouvees
) -> list[CreneauOffert]:
    """Ceux de la carte, et à son heure celui où qui cherche tient une place."""
    gardee = trouvees.criteres.gardee
    if gardee is None or gardee.lieu.pk != ligne.lieu_id:
        return creneaux
    autres = [creneau for creneau in creneaux if creneau.id != gardee.creneau.id]
    return sorted([*autres, gardee.creneau], key=lambda creneau: (creneau.debut, creneau.fin, creneau.id))


def offre_du_lieu(lieu_id: int, *, maintenant: datetime) -> Offre | None:
    """L’offre d’un seul lieu, à distance nulle ; rien s’il n’est pas dans la projection."""
    lieu = OffreLieu.objects.filter(lieu=lieu_id).order_by("specialite").first()
    if lieu is None:
        return None
    criteres = Criteres(lat=lieu.position.y, lon=lieu.position.x, rayon_km=1, lieu_id=lieu_id)
    trouvees = lire(criteres, Page(par_page=1), maintenant)
    return offre_de(trouvees.lignes[0], trouvees) if trouvees.lignes else None
