"""Les offres d’une page : des lignes de l’instruction aux cartes, ou à leur JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import NamedTuple

import msgspec
from django.db import connection
from psycopg.pq import Format

from agenda.domaine.offre import DUREE_MAX_FENETRE, en_instant, en_minutes
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
from orientation.domaine.classement import Groupe, raison_du_rang
from orientation.lectures.criteres import (
    DELAIS,
    DISPONIBILITES,
    HORS,
    LIBRES,
    NON_RENSEIGNE,
    OUI,
    Criteres,
)
from orientation.lectures.instruction import (
    FUSEAUX_LUS,
    fenetres_de,
    instruction,
    instruction_de_comptes,
    masque_des_modalites,
    parametres_de,
)

DUREE_MAX_MIN = int(DUREE_MAX_FENETRE.total_seconds()) // 60


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

    `pliees` : membres de CPTS sans créneau, rangés derrière le premier de leur CPTS. `contacts` : ceux
    qui sont réservés à qui oriente, par identifiant d’offre ; hors des offres, que tous lisent.
    """

    total: int
    listes: dict[str, int]
    pliees: int
    page: int
    par_page: int
    rayon_km: float
    offres: list[Offre]
    contacts: dict[str, sollicitation.Contact]
    cpts: dict[str, CptsGroupee]
    facettes: Facettes | None

    @property
    def libres(self) -> int:
        return self.listes[LIBRES]

    @property
    def hors(self) -> int:
        return self.listes[HORS]

    @property
    def pages(self) -> int:
        return max(1, -(-(self.total - self.pliees) // self.par_page))


def rechercher(
    criteres: Criteres,
    *,
    maintenant: datetime,
    page: int = 1,
    par_page: int = 25,
    facettes: bool = False,
    apres: int | None = None,
) -> Resultats:
    """Les offres de la zone, dans l’ordre de toute la zone (docs/adr/0025).

    Une page au-delà de la dernière rend la dernière. `apres` : dernier lieu déjà lu ; la page
    reprend après lui, même s’il a changé de rang, pour n’en sauter ni n’en répéter aucun.
    """
    trouvees = _lire(criteres, maintenant, page, par_page, facettes=facettes, apres=apres)
    tete = trouvees.tete
    return Resultats(
        total=tete.total,
        listes={nom: getattr(tete, nom) for nom in DISPONIBILITES},
        pliees=tete.pliees,
        page=trouvees.page,
        par_page=par_page,
        rayon_km=criteres.rayon_km,
        offres=[_offre(ligne, trouvees) for ligne in trouvees.lignes],
        contacts=_contacts(trouvees.lignes),
        cpts={f"l{ligne.lieu_id}": _groupee(ligne) for ligne in trouvees.lignes if ligne.membres},
        facettes=_facettes(tete.facettes) if tete.facettes else None,
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


class PageJson(NamedTuple):
    """Les octets d’une page, et ce que l’on en compte : le premier créneau qu’elle montre, toutes les offres de la zone."""

    contenu: bytes
    lieu_ids: list[int]
    page: int
    toutes: int
    premier_le: datetime | None


def rechercher_json(criteres: Criteres, *, maintenant: datetime, page: int = 1, par_page: int = 25) -> bytes:
    """La même page, en JSON : la réponse de `POST /api/v1/recherches/`."""
    return page_json(criteres, maintenant=maintenant, page=page, par_page=par_page).contenu


def page_json(criteres: Criteres, *, maintenant: datetime, page: int = 1, par_page: int = 25) -> PageJson:
    """Cette réponse, et les lieux qu’elle montre.

    Les documents de la projection y entrent tels quels, sans être décodés.
    """
    trouvees = _lire(criteres, maintenant, page, par_page)
    tete = trouvees.tete
    entete = (
        f'{{"total":{tete.total},"libres":{tete.libres},"hors":{tete.hors},'
        f'"page":{trouvees.page},"par_page":{par_page},"rayon_km":{criteres.rayon_km},"offres":['
    )
    offres = b",".join([_offre_json(ligne, trouvees) for ligne in trouvees.lignes])
    lieu_ids = [ligne.lieu_id for ligne in trouvees.lignes]
    premier = min((ligne.libre for ligne in trouvees.lignes if ligne.libre is not None), default=None)
    return PageJson(
        b"%b%b]}" % (entete.encode(), offres),
        lieu_ids,
        trouvees.page,
        tete.toutes,
        en_instant(premier) if premier is not None else None,
    )


class _Ligne(NamedTuple):
    """Une ligne de l’instruction, colonnes dans l’ordre ; les heures sont des minutes depuis l’époque."""

    toutes: int
    libres: int
    hors: int
    en_sus: int
    forfait: int
    total: int
    pliees: int
    facettes: str | None
    lieu_id: int
    groupe: int
    km: float
    participe: bool
    accepte_en_sus: bool
    accepte_le_forfait: bool
    fuseau: int
    libre: int | None
    via: str
    sollicitations: int
    refus: bool
    document: bytes
    debuts: list[int]
    fins: list[int]
    masques: list[int]
    fraicheurs: list[int]
    lots: list[int]
    grises: list[int]
    peremptions: list[int]
    lectures: list[int | None]
    suspension: str | None
    telephone_prive: str | None
    heures_d_appel: str | None
    cpts_id: int | None
    cpts: str | None
    cpts_telephone: str | None
    cpts_informations: str | None
    membres: int | None
    membres_libres: int | None


@dataclass(frozen=True, slots=True)
class _Trouvees:
    """Lignes d’une page, et ce qu’il faut pour en lire les créneaux ; `tete` : une ligne, pour les totaux."""

    tete: _Ligne
    lignes: list[_Ligne]
    page: int
    maintenant: datetime
    fenetres: Sequence[int]
    criteres: Criteres
    delais: list[tuple[int, int]]


def _lire(
    criteres: Criteres,
    maintenant: datetime,
    page: int,
    par_page: int,
    *,
    facettes: bool = False,
    apres: int | None = None,
) -> _Trouvees:
    fenetres = fenetres_de(maintenant)
    parametres = parametres_de(criteres, maintenant, fenetres)
    parametres |= {"par_page": par_page, "saut": (page - 1) * par_page, "apres": apres}
    with connection.cursor() as curseur:
        # Des milliers de minutes par page : en binaire, PostgreSQL ne les écrit pas et psycopg ne les analyse pas.
        curseur.cursor.format = Format.BINARY
        curseur.execute(instruction(criteres, facettes=facettes, apres=apres is not None), parametres)
        lignes = [_Ligne._make(ligne) for ligne in curseur.fetchall()]
    tete = lignes[0]
    vide = tete.lieu_id is None
    if vide and tete.total:
        derniere = -(-(tete.total - tete.pliees) // par_page)
        return _lire(criteres, maintenant, min(page, derniere), par_page, facettes=facettes)
    return _Trouvees(
        tete=tete,
        lignes=[] if vide else lignes,
        page=page if tete.total else 1,
        maintenant=maintenant,
        fenetres=fenetres,
        criteres=criteres,
        delais=_delais(criteres, en_minutes(maintenant)),
    )


def _delais(criteres: Criteres, minute: int) -> list[tuple[int, int]]:
    """Bornes, en minutes depuis l’époque, des délais que l’on filtre ; vide si l’on n’en filtre pas."""
    if not criteres.demande_un_creneau:
        return []
    suivantes = dict(zip(DELAIS, [*list(DELAIS.values())[1:], DUREE_MAX_MIN], strict=True))
    return [(minute + DELAIS[delai], minute + suivantes[delai]) for delai in criteres.delais]


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


def _groupee(ligne: _Ligne) -> CptsGroupee:
    return CptsGroupee(
        id=ligne.cpts_id or 0,
        nom=ligne.cpts or "",
        telephone=ligne.cpts_telephone or "",
        informations=ligne.cpts_informations or "",
        membres=ligne.membres or 0,
        libres=ligne.membres_libres or 0,
    )


def _contacts(lignes: list[_Ligne]) -> dict[str, sollicitation.Contact]:
    return {
        f"l{ligne.lieu_id}": sollicitation.contact(ligne.telephone_prive or "", ligne.heures_d_appel or "")
        for ligne in lignes
        if ligne.telephone_prive or ligne.heures_d_appel
    }


def _offre(ligne: _Ligne, trouvees: _Trouvees) -> Offre:
    carte = decodeur_carte.decode(ligne.document)
    ages = _ages(ligne, trouvees)
    creneaux = []
    for position in _proposables(ligne, trouvees, ages):
        creneau = carte.creneaux[position]
        age = ages[ligne.fraicheurs[position]]
        creneau.age_s, creneau.est_ancien = age.secondes, age.est_ancien
        creneaux.append(creneau)
    creneaux = _avec_la_place_gardee(creneaux, ligne, trouvees)
    return Offre(
        id=carte.lieu.id,
        groupe=ligne.groupe,
        raison_du_rang=_raison(ligne, trouvees),
        distance_km=round(ligne.km, 2),
        effecteur=carte.effecteur,
        structure=carte.structure,
        lieu=carte.lieu,
        participe=ligne.participe,
        en_sus=ligne.accepte_en_sus and ligne.suspension is None,
        creneaux=creneaux,
        suspension=sollicitation.SUSPENSIONS[ligne.suspension] if ligne.suspension else "",
        via=ligne.via,
        cpts=ligne.cpts or "",
        forfait=ligne.accepte_le_forfait,
    )


def _avec_la_place_gardee(
    creneaux: list[CreneauOffert], ligne: _Ligne, trouvees: _Trouvees
) -> list[CreneauOffert]:
    """Ceux de la carte, et à son heure celui où qui cherche tient une place."""
    gardee = trouvees.criteres.gardee
    if gardee is None or gardee.lieu.pk != ligne.lieu_id:
        return creneaux
    autres = [creneau for creneau in creneaux if creneau.id != gardee.creneau.id]
    return sorted([*autres, gardee.creneau], key=lambda creneau: (creneau.debut, creneau.fin, creneau.id))


# Où le document se coupe. Dans un texte JSON, un guillemet est toujours précédé
# d’une barre oblique : aucun nom, aucun lien ne peut contenir ces suites.
_CRENEAUX = b'"creneaux":['
_CRENEAU = b'{"id":"'


def _offre_json(ligne: _Ligne, trouvees: _Trouvees) -> bytes:
    """Comme `_offre`, par morceaux de JSON : mêmes champs, mêmes valeurs (un test compare les deux)."""
    gardee = trouvees.criteres.gardee
    if gardee is not None and gardee.lieu.pk == ligne.lieu_id:
        return _offre_relue_json(ligne, trouvees)
    identite, _, suite = ligne.document.partition(_CRENEAUX)
    textes = suite[: -len(b"}]}")].split(b"}," + _CRENEAU)
    textes[0] = textes[0][len(_CRENEAU) :]
    ages = _ages(ligne, trouvees)
    fins = {fraicheur: age.en_json() for fraicheur, age in ages.items()}
    fraicheurs = ligne.fraicheurs
    creneaux = [_CRENEAU + textes[n] + fins[fraicheurs[n]] for n in _proposables(ligne, trouvees, ages)]
    entete = (
        f'{{"id":"l{ligne.lieu_id}","groupe":{ligne.groupe},"raison_du_rang":"{_raison(ligne, trouvees)}",'
        f'"distance_km":{round(ligne.km, 2)},'
    )
    suspension = sollicitation.SUSPENSIONS[ligne.suspension] if ligne.suspension else ""
    presents = {
        "suspension": suspension,
        "via": ligne.via,
        "cpts": ligne.cpts,
        "forfait": ligne.accepte_le_forfait,
    }
    suite = b"".join(b',"%b":%b' % (nom.encode(), msgspec.json.encode(v)) for nom, v in presents.items() if v)
    return b'%b%b"participe":%b,"en_sus":%b,"creneaux":[%b]%b}' % (
        entete.encode(),
        identite[1:],
        b"true" if ligne.participe else b"false",
        b"true" if ligne.accepte_en_sus and not suspension else b"false",
        b",".join(creneaux),
        suite,
    )


def _offre_relue_json(ligne: _Ligne, trouvees: _Trouvees) -> bytes:
    """La seule carte d’une page que l’on relit : celle où qui cherche tient une place."""
    offre = msgspec.to_builtins(_offre(ligne, trouvees))
    # La structure tait un âge inconnu ; la réponse le promet toujours.
    offre["creneaux"] = [{"age_s": None} | creneau for creneau in offre["creneaux"]]
    return msgspec.json.encode(offre)


_SANS_LIMITE = (inf, inf)


class _Age(NamedTuple):
    """Âge d’une fraîcheur : ancien, il est dit tel ; périmé, ce qui le porte n’est plus montré."""

    secondes: int | None
    est_ancien: bool = False
    est_perime: bool = False

    def en_json(self) -> bytes:
        """Fin d’un créneau, dans la réponse de l’API."""
        age = b"null" if self.secondes is None else b"%d" % self.secondes
        return b',"age_s":%b%b}' % (age, b',"est_ancien":true' if self.est_ancien else b"")


def _proposables(ligne: _Ligne, trouvees: _Trouvees, ages: dict[int, _Age]) -> list[int]:
    """Rangs, dans la carte, des créneaux encore proposables qui répondent aux filtres de créneaux."""
    minute, fenetre = en_minutes(trouvees.maintenant), trouvees.fenetres[ligne.fuseau]
    proposables = [
        position
        for position, (debut, expire) in enumerate(zip(ligne.debuts, ligne.fins, strict=True))
        if expire > minute and debut < fenetre
    ]
    if perimees := {fraicheur for fraicheur, age in ages.items() if age.est_perime}:
        proposables = [position for position in proposables if ligne.fraicheurs[position] not in perimees]
    if ligne.groupe == Groupe.MEDECIN_TRAITANT or not trouvees.criteres.demande_un_creneau:
        return proposables
    if trouvees.criteres.modalites:
        masque = masque_des_modalites(trouvees.criteres)
        proposables = [position for position in proposables if ligne.masques[position] & masque]
    if trouvees.delais:
        proposables = [
            position
            for position in proposables
            if any(
                ligne.debuts[position] < fin
                and max(ligne.fins[position] - 1, ligne.debuts[position]) >= debut
                for debut, fin in trouvees.delais
            )
        ]
    return proposables


def _ages(ligne: _Ligne, trouvees: _Trouvees) -> dict[int, _Age]:
    """Âge de chaque fraîcheur de la carte : presque toujours une seule, pour tous ses créneaux.

    Le balayage retire ce qui est périmé ; ici, on ne le montre déjà plus, même s’il tarde.
    """
    epoque = int(trouvees.maintenant.timestamp())
    ages = {
        fraicheur: _Age(max(0, epoque - fraicheur * 60))
        for fraicheur in {*ligne.fraicheurs}
        if fraicheur >= 0
    }
    # Une carte écrite avant que les âges limites n’y soient n’en a pas.
    limites = dict(zip(ligne.lots, zip(ligne.grises, ligne.peremptions, strict=False), strict=False))
    for lot, lu_le in zip(ligne.lots, ligne.lectures, strict=True):
        age = None if lu_le is None else max(0, epoque - lu_le)
        grise_s, perime_s = limites.get(lot, _SANS_LIMITE)
        vieux = age or 0
        ages[-lot] = _Age(age, est_ancien=vieux > grise_s, est_perime=vieux > perime_s)
    return ages


def _raison(ligne: _Ligne, trouvees: _Trouvees) -> str:
    premier = None
    if ligne.libre is not None:
        premier = en_instant(ligne.libre).astimezone(FUSEAUX_LUS[ligne.fuseau])
    return raison_du_rang(
        Groupe(ligne.groupe),
        premier=premier,
        maintenant=trouvees.maintenant,
        distance_km=ligne.km,
        suspension=sollicitation.SUSPENSIONS[ligne.suspension] if ligne.suspension else "",
        sollicitations=ligne.sollicitations,
        refus_du_jour=ligne.refus,
    )


def offre_du_lieu(lieu_id: int, *, maintenant: datetime) -> Offre | None:
    """L’offre d’un seul lieu, à distance nulle ; rien s’il n’est pas dans la projection."""
    lieu = OffreLieu.objects.filter(lieu=lieu_id).order_by("specialite").first()
    if lieu is None:
        return None
    trouvees = _lire(
        Criteres(lat=lieu.position.y, lon=lieu.position.x, rayon_km=1, lieu_id=lieu_id), maintenant, 1, 1
    )
    return _offre(trouvees.lignes[0], trouvees) if trouvees.lignes else None
