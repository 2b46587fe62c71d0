"""Des sources d’un lot de lieux à leurs cartes, en un nombre fixe de requêtes."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Count, Q

from agenda.domaine.explication import AgendaSuivi, CreneauExplique, Visibilite, expliquer
from agenda.domaine.offre import (
    JOURS_CALCULES,
    AgendaRecu,
    CreneauCarte,
    Ouverture,
    composer,
    en_instant,
    en_minutes,
    fin_de_fenetre,
    telephone_de,
)
from agenda.enums import Genre, ModaliteConsultation
from agenda.models import Disponibilite, Indisponibilite, PeriodeOccupee, Reservation, Tenue
from agenda.offre.agendas import agendas_recus
from agenda.offre.cartes import (
    Carte,
    CarteAdresse,
    CarteEffecteur,
    CarteStructure,
    CreneauOffert,
    encodeur_carte,
)
from annuaire.domaine.fuseaux import FUSEAUX
from annuaire.enums import TypeStructure
from annuaire.models import LieuExercice, Specialite
from participation.domaine.eligibilite import Affichage, affichage_effecteur, affichage_structure
from participation.enums import Modalite
from participation.models import Participation, ParticipationStructure
from sas_platform.socle.intervalles import Intervalle


@dataclass(slots=True)
class _Sources:
    """Tout ce dont dépendent les lieux d’un lot, lu en un nombre fixe de requêtes."""

    ouvertures: dict[int, list[Disponibilite]] = field(default_factory=lambda: defaultdict(list))
    fermetures: dict[int, list[Intervalle]] = field(default_factory=lambda: defaultdict(list))
    occupees: dict[int, list[Intervalle]] = field(default_factory=lambda: defaultdict(list))
    prises: dict[tuple[int, int], int] = field(default_factory=dict)
    agendas: dict[int, list[AgendaRecu]] = field(default_factory=lambda: defaultdict(list))
    participations: dict[int, Participation] = field(default_factory=dict)
    structures: dict[int, bool] = field(default_factory=dict)
    maisons: set[int] = field(default_factory=set)
    rattaches: set[int] = field(default_factory=set)
    specialites: list[Specialite] = field(default_factory=list)


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


@dataclass(frozen=True, slots=True)
class LieuxLus:
    """Les lieux que la recherche montre, et leurs sources, lus ensemble à un instant."""

    lieux: list[LieuExercice]
    sources: _Sources
    maintenant: datetime

    def lignes(self) -> list[Ligne]:
        """Ce que la projection doit en contenir ; rien de ceux qu’aucune spécialité ne trouve."""
        lignes = (_ligne(lieu, self.sources, self.maintenant) for lieu in self.lieux)
        return [ligne for ligne in lignes if ligne.specialite_ids]

    def creneaux_montres(self, lieu: LieuExercice) -> list[CreneauCarte]:
        """Ce qui est proposable en ce lieu d’après les sources, dans la fenêtre montrée (S-40)."""
        if not _specialites_de(lieu, self.sources.specialites):
            return []
        creneaux = _creneaux(lieu, self.sources, _affichage(lieu, self.sources), self.maintenant)
        fin = en_minutes(fin_de_fenetre(self.maintenant, ZoneInfo(lieu.fuseau)))
        return [creneau for creneau in creneaux if creneau.debut < fin]

    def expliquer(self, lieu: LieuExercice, agendas: Iterable[AgendaSuivi]) -> list[CreneauExplique]:
        """Chaque créneau de ce lieu, et ce qui le cache ; `agendas` : ceux d’éditeurs, même coupés ou muets."""
        affichage = _affichage(lieu, self.sources)
        reglages = self.sources.participations.get(lieu.effecteur_id or 0) or Participation()
        return expliquer(
            ouvertures=[_ouverture(d, lieu.fuseau) for d in self.sources.ouvertures.get(lieu.pk, ())],
            fermetures=self.sources.fermetures.get(lieu.pk, ()),
            occupees=self.sources.occupees.get(lieu.pk, ()),
            prises=self.sources.prises,
            agendas=agendas,
            visibilite=Visibilite(
                via_sos=reglages.participe and reglages.modalite == Modalite.SOS,
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
    lieux = list(
        LieuExercice.objects.filter(pk__in=lieu_ids, est_actif=True)
        .filter(Q(effecteur__est_actif=True) | Q(effecteur=None, structure__est_active=True))
        .select_related("effecteur__profession", "structure", "commune")
        .order_by("pk")
    )
    return LieuxLus(lieux, _lire_sources(lieux, maintenant, jours, sans_tenue), maintenant)


def _lire_sources(
    lieux: list[LieuExercice], maintenant: datetime, jours: int, sans_tenue: int | None
) -> _Sources:
    ids = [lieu.pk for lieu in lieux]
    veille = maintenant.date() - timedelta(days=1)  # un jour de marge couvre tous les fuseaux
    terme = maintenant + timedelta(days=jours + 1)
    sources = _Sources(specialites=list(Specialite.objects.order_by("pk")))
    disponibilites = Disponibilite.objects.filter(lieu__in=ids, premier_jour__lte=terme.date())
    for disponibilite in disponibilites.filter(
        Q(jours__len__gt=0) & (Q(dernier_jour=None) | Q(dernier_jour__gte=veille))
        | Q(jours__len=0, premier_jour__gte=veille)
    ).order_by("pk"):
        sources.ouvertures[disponibilite.lieu_id].append(disponibilite)
    for lieu_id, periode in Indisponibilite.objects.filter(
        lieu__in=ids, periode__overlap=(maintenant - timedelta(days=1), terme)
    ).values_list("lieu_id", "periode"):
        sources.fermetures[lieu_id].append(Intervalle(periode.lower, periode.upper or terme))
    occupees = PeriodeOccupee.objects.filter(
        lieu__in=ids, fin__gt=maintenant - timedelta(days=1), debut__lt=terme
    )
    for lieu_id, debut, fin in occupees.values_list("lieu_id", "debut", "fin"):
        sources.occupees[lieu_id].append(Intervalle(debut, fin))
    # Par leur début : la fin d’une place est celle de la plage rognée, telle qu’elle était ce jour-là.
    lues = [disponibilite.pk for siennes in sources.ouvertures.values() for disponibilite in siennes]
    sources.prises = _places_occupees(lues, (maintenant - timedelta(days=1), terme), maintenant, sans_tenue)
    for lieu_id, agenda in agendas_recus(ids, maintenant):
        sources.agendas[lieu_id].append(agenda)
    effecteurs = {lieu.effecteur_id for lieu in lieux if lieu.effecteur_id}
    sources.participations = {
        p.effecteur_id: p for p in Participation.objects.filter(effecteur__in=effecteurs)
    }
    if any(p.modalite == Modalite.CPTS for p in sources.participations.values()):
        declares = Participation.lieux.through.objects.filter(lieuexercice__in=ids)
        sources.rattaches = set(
            declares.filter(participation__modalite=Modalite.CPTS).values_list("lieuexercice_id", flat=True)
        )
    structures = {lieu.structure_id for lieu in lieux if lieu.effecteur_id is None}
    sources.structures = dict(
        ParticipationStructure.objects.filter(structure__in=structures).values_list(
            "structure_id", "participe"
        )
    )
    sources.maisons = set(
        Participation.objects.filter(
            structure__in=structures, modalite=Modalite.MSP, participe=True, effecteur__est_actif=True
        ).values_list("structure_id", flat=True)
    )
    return sources


def _places_occupees(
    disponibilite_ids: list[int],
    periode: tuple[datetime, datetime],
    maintenant: datetime,
    sans_tenue: int | None,
) -> dict[tuple[int, int], int]:
    """Places prises, et places tenues le temps d’un appel, par (disponibilité, minute de début)."""
    prises = Reservation.objects.filter(
        disponibilite__in=disponibilite_ids, annulee_le=None, debut__range=periode
    )
    tenues = Tenue.objects.en_cours(maintenant).filter(
        disponibilite__in=disponibilite_ids, debut__range=periode
    )
    if sans_tenue is not None:
        tenues = tenues.exclude(pk=sans_tenue)
    occupees: dict[tuple[int, int], int] = defaultdict(int)
    for lignes in (prises, tenues):
        comptees = lignes.values_list("disponibilite_id", "debut").annotate(n=Count("pk")).order_by()
        for disponibilite_id, debut, nombre in comptees:
            occupees[disponibilite_id, en_minutes(debut)] += nombre
    return dict(occupees)


def _ligne(lieu: LieuExercice, sources: _Sources, maintenant: datetime) -> Ligne:
    affichage = _affichage(lieu, sources)
    creneaux = _creneaux(lieu, sources, affichage, maintenant)
    agendas = sources.agendas.get(lieu.pk, ())
    montres = {creneau.lot for creneau in creneaux}
    lots = sorted({LotCite(a.lot, a.grise_s, a.perime_s) for a in agendas if a.lot in montres})
    specialites = _specialites_de(lieu, sources.specialites)
    carte = _carte(lieu, specialites, creneaux, telephone=telephone_de(agendas, creneaux) or lieu.telephone)
    document = encodeur_carte.encode(carte).decode()
    nature = _nature(lieu)
    secteur = lieu.effecteur.conventionnement if lieu.effecteur else ""
    departement = lieu.commune.departement_id
    cpts = _cpts(lieu, sources, affichage)
    cherche = f"{affichage}|{[s.pk for s in specialites]}|{nature}|{secteur}|{departement}|{cpts}"
    signature = f"{document}|{cherche}|{lots}"
    return Ligne(
        lieu_id=lieu.pk,
        document=document,
        empreinte=hashlib.blake2s(signature.encode(), digest_size=16).hexdigest(),
        creneaux=creneaux,
        lots=lots,
        specialite_ids=[specialite.pk for specialite in specialites],
        lon=lieu.lon,
        lat=lieu.lat,
        fuseau=FUSEAUX.index(lieu.fuseau),
        affichage=affichage,
        nature=nature,
        secteur=secteur,
        departement=departement,
        cpts=cpts,
    )


def _creneaux(
    lieu: LieuExercice, sources: _Sources, affichage: Affichage, maintenant: datetime
) -> list[CreneauCarte]:
    ouvertures = [_ouverture(d, lieu.fuseau) for d in sources.ouvertures.get(lieu.pk, ())]
    return composer(
        ouvertures=ouvertures if affichage.agenda_saisi else (),
        fermetures=[*sources.fermetures.get(lieu.pk, ()), *sources.occupees.get(lieu.pk, ())],
        prises=sources.prises,
        agendas=sources.agendas.get(lieu.pk, ()) if affichage.agenda_editeur else (),
        fuseau=ZoneInfo(lieu.fuseau),
        maintenant=maintenant,
    )


def _affichage(lieu: LieuExercice, sources: _Sources) -> Affichage:
    if lieu.effecteur_id is None:
        return affichage_structure(
            type_structure=lieu.structure.type if lieu.structure else "",
            declare_participer=sources.structures.get(lieu.structure_id or 0, False),
            effecteurs_par_elle=lieu.structure_id in sources.maisons,
        )
    reglages = sources.participations.get(lieu.effecteur_id) or Participation()
    return affichage_effecteur(
        participe=reglages.participe,
        modalite=reglages.modalite,
        utilise_logiciel=reglages.utilise_logiciel,
        refuse_affichage=reglages.refuse_affichage,
        dans_un_centre_de_sante=lieu.structure is not None and lieu.structure.type == TypeStructure.CDS,
        rattache_a_sa_cpts=lieu.pk in sources.rattaches,
        forfait_reorientation=reglages.forfait_reorientation,
    )


def _nature(lieu: LieuExercice) -> str:
    """Ce que la recherche appelle le type d’un lieu : la profession qu’on y exerce, sinon le type de la structure."""
    if lieu.effecteur is not None:
        return lieu.effecteur.profession_id
    return lieu.structure.type if lieu.structure else ""


def _cpts(lieu: LieuExercice, sources: _Sources, affichage: Affichage) -> int | None:
    """La CPTS par laquelle ce lieu participe."""
    return (
        sources.participations[lieu.effecteur_id or 0].structure_id
        if affichage.via == Modalite.CPTS
        else None
    )


def _ouverture(disponibilite: Disponibilite, fuseau: str) -> Ouverture:
    return Ouverture(
        id=disponibilite.pk,
        regle=disponibilite.regle(fuseau),
        est_plage=disponibilite.genre == Genre.PLAGE,
        capacite=disponibilite.capacite,
        modalites=tuple(m for m in ModaliteConsultation.values if m in disponibilite.modalites),
        maj=en_minutes(disponibilite.modifie_le),
    )


def _specialites_de(lieu: LieuExercice, specialites: list[Specialite]) -> list[Specialite]:
    """Recherches qui trouvent ce lieu : celles de l’effecteur, ou le type de la structure."""
    if lieu.effecteur is None:
        return [s for s in specialites if lieu.structure and s.type_structure == lieu.structure.type]
    effecteur = lieu.effecteur
    savoir_faire = set(effecteur.savoir_faire)
    return [
        s
        for s in specialites
        if not s.type_structure
        and s.profession_id == effecteur.profession_id
        and (not s.savoir_faire or not savoir_faire.isdisjoint(s.savoir_faire))
    ]


def _carte(
    lieu: LieuExercice, specialites: list[Specialite], creneaux: list[CreneauCarte], *, telephone: str
) -> Carte:
    effecteur, structure, fuseau = lieu.effecteur, lieu.structure, ZoneInfo(lieu.fuseau)
    return Carte(
        effecteur=None
        if effecteur is None
        else CarteEffecteur(
            identifiant_national=effecteur.identifiant_national,
            nom=effecteur.nom,
            prenom=effecteur.prenom,
            profession=effecteur.profession.libelle,
            specialites=tuple(s.libelle for s in specialites),
            conventionnement=effecteur.get_conventionnement_display(),
        ),
        structure=None
        if structure is None
        else CarteStructure(nom=structure.nom, type=structure.get_type_display()),
        lieu=CarteAdresse(
            id=f"l{lieu.pk}",
            nom=lieu.nom,
            adresse=lieu.adresse,
            code_postal=lieu.code_postal,
            commune=lieu.commune.nom,
            commune_insee=lieu.commune_id,
            lat=lieu.lat,
            lon=lieu.lon,
            fuseau=lieu.fuseau,
            telephone=telephone,
            informations=lieu.informations_complementaires,
            precision=lieu.get_precision_geo_display(),
        ),
        creneaux=[_creneau_offert(creneau, fuseau) for creneau in creneaux],
    )


@lru_cache(maxsize=20_000)  # quatre jours de minutes, en quelques fuseaux : les lieux d’un lot ont les mêmes
def _heure_du_lieu(minute: int, fuseau: ZoneInfo) -> datetime:
    return en_instant(minute).astimezone(fuseau)


def _creneau_offert(creneau: CreneauCarte, fuseau: ZoneInfo) -> CreneauOffert:
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
