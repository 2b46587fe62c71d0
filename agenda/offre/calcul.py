"""Des sources d’un lot de lieux à leurs cartes, en un nombre fixe de requêtes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from hashlib import sha256
from typing import NamedTuple
from zoneinfo import ZoneInfo

from agenda.domaine.explication import AgendaSuivi, CreneauExplique, Visibilite, expliquer
from agenda.domaine.offre import (
    JOURS_CALCULES,
    CreneauCarte,
    absence,
    composer,
    en_instant,
    en_minutes,
    fin_de_fenetre,
    telephone_de,
)
from agenda.offre.cartes import (
    Carte,
    CarteAdresse,
    CarteEffecteur,
    CarteStructure,
    CreneauOffert,
    encodeur_carte,
)
from agenda.offre.sources import LieuLu, Sources, SpecialiteLue, lire_sources
from annuaire.domaine.fuseaux import FUSEAUX
from annuaire.enums import Conventionnement, PrecisionGeo, TypeStructure
from annuaire.models import LieuExercice
from participation.domaine.eligibilite import Affichage, affichage_effecteur, affichage_structure
from participation.enums import Modalite
from sas_platform.socle.intervalles import Intervalle

LONGUEUR_EMPREINTE = 32


class LotCite(NamedTuple):
    """Lot d’éditeur dont la carte montre des créneaux, et les âges, en secondes, qui les grisent puis les cachent."""

    id: int
    grise_s: int
    perime_s: int


@dataclass(frozen=True, slots=True)
class Ligne:
    """Un lieu tel que la projection l’écrit : une carte, et une offre par spécialité."""

    lieu_id: int
    document: str
    empreinte: str
    creneaux: list[CreneauCarte]
    lots: list[LotCite]
    specialite_ids: list[int]
    lon: float
    lat: float
    fuseau: int
    affichage: Affichage
    nature: str
    secteur: str
    departement: str
    cpts: int | None
    accueil: tuple[str, ...]
    absent: Intervalle | None


@dataclass(frozen=True)
class LieuxLus:
    """Les lieux que la recherche montre, et leurs sources, lus ensemble à un instant."""

    sources: Sources
    maintenant: datetime

    @cached_property
    def lieux(self) -> list[LieuExercice]:
        """Ces lieux, avec ce qu’un écran en dit ; la projection s’en passe."""
        lieux = LieuExercice.objects.filter(pk__in=self.sources.lieux)
        return list(lieux.select_related("effecteur__profession", "structure", "commune").order_by("pk"))

    def lignes(self) -> list[Ligne]:
        """Ce que la projection doit en contenir ; rien de ceux qu’aucune spécialité ne trouve."""
        lignes = (_ligne(lieu, self.sources, self.maintenant) for lieu in self.sources.lieux.values())
        return [ligne for ligne in lignes if ligne.specialite_ids]

    def creneau_montre(self, lieu_id: int, creneau_id: str) -> CreneauCarte | None:
        """Ce créneau, s’il est proposable en ce lieu d’après les sources, dans la fenêtre montrée (S-40)."""
        lu = self.sources.lieux.get(lieu_id)
        if lu is None or not _specialites_de(lu, self.sources.specialites):
            return None
        creneaux = _creneaux(lu, self.sources, _affichage(lu), self.maintenant)
        fin = en_minutes(fin_de_fenetre(self.maintenant, ZoneInfo(lu.fuseau)))
        return next((c for c in creneaux if c.id == creneau_id and c.debut < fin), None)

    def expliquer(self, lieu: LieuExercice, agendas: Iterable[AgendaSuivi]) -> list[CreneauExplique]:
        """Chaque créneau de ce lieu, et ce qui le cache ; aucun si la recherche ignore ce lieu.

        `agendas` : ceux d’éditeurs, même coupés ou muets.
        """
        lu = self.sources.lieux.get(lieu.pk)
        if lu is None:
            return []
        affichage = _affichage(lu)
        return expliquer(
            ouvertures=lu.ouvertures,
            fermetures=lu.fermetures,
            occupees=lu.occupees,
            prises=self.sources.prises,
            agendas=agendas,
            visibilite=Visibilite(
                via_sos=lu.participe and lu.modalite == Modalite.SOS,
                agenda_saisi=affichage.agenda_saisi,
                agenda_editeur=affichage.agenda_editeur,
            ),
            fuseau=ZoneInfo(lieu.fuseau),
            maintenant=self.maintenant,
        )

    def noter_place_prise(self, disponibilite_id: int, debut: datetime) -> None:
        """Compte une place de plus, comme si les sources étaient relues après l’avoir tenue."""
        cle = disponibilite_id, en_minutes(debut)
        self.sources.prises[cle] = self.sources.prises.get(cle, 0) + 1


def lire(
    lieu_ids: Collection[int],
    maintenant: datetime,
    *,
    jours: int = JOURS_CALCULES,
    sans_tenue: int | None = None,
) -> LieuxLus:
    """Ces lieux, ou ceux d’entre eux que la recherche montre, sur `jours`, en un nombre fixe de requêtes.

    `sans_tenue` : celle que l’on ne compte pas, parce qu’elle est à qui demande.
    """
    return LieuxLus(lire_sources(lieu_ids, maintenant, jours=jours, sans_tenue=sans_tenue), maintenant)


def _ligne(lieu: LieuLu, sources: Sources, maintenant: datetime) -> Ligne:
    affichage = _affichage(lieu)
    creneaux = _creneaux(lieu, sources, affichage, maintenant)
    agendas = sources.agendas.get(lieu.id, ())
    montres = {creneau.lot for creneau in creneaux}
    lots = sorted({LotCite(a.lot, a.grise_s, a.perime_s) for a in agendas if a.lot in montres})
    specialites = _specialites_de(lieu, sources.specialites)
    carte = _carte(lieu, specialites, creneaux, telephone=telephone_de(agendas, creneaux) or lieu.telephone)
    document = encodeur_carte.encode(carte).decode()
    # Ce que la recherche appelle le type d’un lieu : la profession qu’on y exerce, sinon le type de la structure.
    nature = lieu.profession_id or lieu.type_structure
    cpts = lieu.participe_par_id if affichage.via == Modalite.CPTS else None
    absent = absence(lieu.fermetures, ZoneInfo(lieu.fuseau), maintenant)
    cherche = f"{affichage}|{[s.id for s in specialites]}|{nature}|{lieu.conventionnement}|{lieu.departement}|{cpts}"
    signature = f"{document}|{cherche}|{absent}|{lots}"
    return Ligne(
        lieu_id=lieu.id,
        document=document,
        empreinte=sha256(signature.encode()).hexdigest()[:LONGUEUR_EMPREINTE],
        creneaux=creneaux,
        lots=lots,
        specialite_ids=[specialite.id for specialite in specialites],
        lon=lieu.lon,
        lat=lieu.lat,
        fuseau=FUSEAUX.index(lieu.fuseau),
        affichage=affichage,
        nature=nature,
        secteur=lieu.conventionnement,
        departement=lieu.departement,
        cpts=cpts,
        accueil=(*lieu.accueil, *lieu.langues),
        absent=absent,
    )


def _creneaux(
    lieu: LieuLu, sources: Sources, affichage: Affichage, maintenant: datetime
) -> list[CreneauCarte]:
    return composer(
        ouvertures=lieu.ouvertures if affichage.agenda_saisi else (),
        fermetures=[*lieu.fermetures, *lieu.occupees],
        prises=sources.prises,
        agendas=sources.agendas.get(lieu.id, ()) if affichage.agenda_editeur else (),
        fuseau=ZoneInfo(lieu.fuseau),
        maintenant=maintenant,
    )


def _affichage(lieu: LieuLu) -> Affichage:
    if lieu.effecteur_id is None:
        return affichage_structure(
            type_structure=lieu.type_structure,
            declare_participer=lieu.structure_participe,
            effecteurs_par_elle=lieu.par_elle,
        )
    return affichage_effecteur(
        participe=lieu.participe,
        modalite=lieu.modalite,
        utilise_logiciel=lieu.utilise_logiciel,
        refuse_affichage=lieu.refuse_affichage,
        dans_un_centre_de_sante=lieu.type_structure == TypeStructure.CDS,
        rattache_a_sa_cpts=lieu.rattache,
        forfait_reorientation=lieu.forfait,
    )


def _specialites_de(lieu: LieuLu, specialites: list[SpecialiteLue]) -> list[SpecialiteLue]:
    """Recherches qui trouvent ce lieu : celles de l’effecteur, ou le type de la structure."""
    if lieu.effecteur_id is None:
        return [s for s in specialites if s.type_structure == lieu.type_structure]
    savoir_faire = set(lieu.savoir_faire)
    return [
        s
        for s in specialites
        if not s.type_structure
        and s.profession_id == lieu.profession_id
        and (not s.savoir_faire or not savoir_faire.isdisjoint(s.savoir_faire))
    ]


_CONVENTIONNEMENTS: dict[str, str] = dict(Conventionnement.choices)
_TYPES: dict[str, str] = dict(TypeStructure.choices)
_PRECISIONS: dict[str, str] = dict(PrecisionGeo.choices)


def _carte(
    lieu: LieuLu, specialites: list[SpecialiteLue], creneaux: list[CreneauCarte], *, telephone: str
) -> Carte:
    fuseau = ZoneInfo(lieu.fuseau)
    return Carte(
        effecteur=None
        if lieu.effecteur_id is None
        else CarteEffecteur(
            identifiant_national=lieu.identifiant_national,
            nom=lieu.nom_effecteur,
            prenom=lieu.prenom_effecteur,
            profession=lieu.profession,
            specialites=tuple([s.libelle for s in specialites]),
            conventionnement=_CONVENTIONNEMENTS.get(lieu.conventionnement, lieu.conventionnement),
        ),
        structure=None
        if lieu.structure_id is None
        else CarteStructure(
            nom=lieu.nom_structure, type=_TYPES.get(lieu.type_structure, lieu.type_structure)
        ),
        lieu=CarteAdresse(
            id=f"l{lieu.id}",
            nom=lieu.nom,
            adresse=lieu.adresse,
            code_postal=lieu.code_postal,
            commune=lieu.commune,
            commune_insee=lieu.commune_insee,
            lat=lieu.lat,
            lon=lieu.lon,
            fuseau=lieu.fuseau,
            telephone=telephone,
            informations=lieu.informations,
            precision=_PRECISIONS.get(lieu.precision, lieu.precision),
            accueil=tuple(lieu.accueil),
            langues=tuple(lieu.langues),
        ),
        creneaux=[creneau_offert(creneau, fuseau) for creneau in creneaux],
    )


@lru_cache(maxsize=20_000)  # quatre jours de minutes, en quelques fuseaux : les lieux d’un lot ont les mêmes
def _heure_du_lieu(minute: int, fuseau: ZoneInfo) -> datetime:
    return en_instant(minute).astimezone(fuseau)


def creneau_offert(creneau: CreneauCarte, fuseau: ZoneInfo) -> CreneauOffert:
    return CreneauOffert(
        id=creneau.id,
        debut=_heure_du_lieu(creneau.debut, fuseau),
        fin=_heure_du_lieu(creneau.fin, fuseau),
        source="editeur" if creneau.editeur else "agenda_sas",
        editeur=creneau.editeur or None,
        modalites=creneau.modalites,
        capacite=creneau.capacite,
        prises=creneau.prises,
        lien=creneau.lien or None,
        est_plage=creneau.est_plage,
        cpts=creneau.cpts,
    )
