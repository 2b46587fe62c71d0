"""Ce dont dépend la carte d’un lieu, lu d’un bloc : une instruction pour les lieux, une pour les places, une par sorte d’agenda reçu.

En SQL : par l’ORM, une vingtaine de lectures et leurs objets coûtaient plus que la projection elle-même,
et c’est elle qui borne le débit des interrogations (docs/adr/0028).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection

from agenda.domaine.offre import AgendaRecu, Ouverture
from agenda.domaine.recurrence import Regle
from agenda.enums import Genre, ModaliteConsultation
from agenda.offre.agendas import agendas_recus
from sas_platform.socle.intervalles import Intervalle

UN_JOUR = timedelta(days=1)  # une marge qui couvre tous les fuseaux


class LieuLu(NamedTuple):
    """Un lieu que la recherche peut montrer, son titulaire, ce qu’ils déclarent, et l’agenda qu’ils saisissent.

    Sans effecteur, ou sans structure, leurs champs sont vides. `rattache` : à la CPTS par laquelle l’effecteur
    participe ; `structure_participe`, `par_elle` : du lieu d’une structure, qu’elle le dit, qu’un effecteur le fait par elle.
    """

    id: int
    nom: str
    adresse: str
    code_postal: str
    lat: float
    lon: float
    precision: str
    fuseau: str
    telephone: str
    informations: str
    accueil: list[str]
    langues: list[str]
    commune_insee: str
    commune: str
    departement: str
    effecteur_id: int | None
    identifiant_national: str
    nom_effecteur: str
    prenom_effecteur: str
    conventionnement: str
    savoir_faire: list[str]
    profession_id: str
    profession: str
    structure_id: int | None
    nom_structure: str
    type_structure: str
    participe: bool
    modalite: str
    utilise_logiciel: bool | None
    refuse_affichage: bool
    forfait: bool
    participe_par_id: int | None
    rattache: bool
    structure_participe: bool
    par_elle: bool
    ouvertures: list[Ouverture]
    fermetures: list[Intervalle]
    occupees: list[Intervalle]


class SpecialiteLue(NamedTuple):
    id: int
    libelle: str
    profession_id: str | None
    savoir_faire: list[str]
    type_structure: str


class _Disponibilite(msgspec.Struct, array_like=True, gc=False):
    id: int
    genre: str
    capacite: int
    modalites: list[str]
    premier_jour: date
    dernier_jour: date | None
    jours: list[int]
    toutes_les_n_semaines: int
    heure_debut: time
    heure_fin: time
    sauf: list[date]
    maj: int

    def ouverture(self, fuseau: ZoneInfo) -> Ouverture:
        return Ouverture(
            id=self.id,
            regle=Regle(
                premier_jour=self.premier_jour,
                dernier_jour=self.dernier_jour,
                jours=frozenset(self.jours),
                toutes_les_n_semaines=self.toutes_les_n_semaines,
                heure_debut=self.heure_debut,
                heure_fin=self.heure_fin,
                fuseau=fuseau,
                sauf=frozenset(self.sauf),
            ),
            est_plage=self.genre == Genre.PLAGE,
            capacite=self.capacite,
            modalites=tuple(m for m in ModaliteConsultation.values if m in self.modalites),
            maj=self.maj,
        )


_disponibilites = msgspec.json.Decoder(list[_Disponibilite])
_periodes = msgspec.json.Decoder(list[tuple[datetime, datetime]])

_LIEUX = """
    SELECT l.id, l.nom, l.adresse, l.code_postal, l.lat, l.lon, l.precision_geo, l.fuseau, l.telephone,
        l.informations_complementaires, l.accueil, l.langues, c.code_insee, c.nom, c.departement_id,
        e.id, coalesce(e.identifiant_national, ''), coalesce(e.nom, ''), coalesce(e.prenom, ''),
        coalesce(e.conventionnement, ''), coalesce(e.savoir_faire, '{}'), coalesce(e.profession_id, ''),
        coalesce(f.libelle, ''), s.id, coalesce(s.nom, ''), coalesce(s.type, ''),
        coalesce(p.participe, false), coalesce(p.modalite, ''), p.utilise_logiciel,
        coalesce(p.refuse_affichage, false), coalesce(p.forfait_reorientation, false), p.structure_id,
        coalesce(p.modalite = 'cpts' AND EXISTS (SELECT FROM participation_participation_lieux pl
            WHERE pl.participation_id = p.id AND pl.lieuexercice_id = l.id), false),
        coalesce(ps.participe, false),
        l.effecteur_id IS NULL AND EXISTS (
            SELECT FROM participation_participation m JOIN annuaire_effecteur me ON me.id = m.effecteur_id
            WHERE m.structure_id = l.structure_id AND m.modalite = 'msp' AND m.participe AND me.est_actif),
        (SELECT json_agg(json_build_array(d.id, d.genre, d.capacite, d.modalites, d.premier_jour, d.dernier_jour,
                d.jours, d.toutes_les_n_semaines, d.heure_debut, d.heure_fin, d.sauf,
                floor(extract(epoch FROM d.modifie_le) / 60)::bigint) ORDER BY d.id)
            FROM agenda_disponibilite d
            WHERE d.lieu_id = l.id AND d.premier_jour <= %(dernier_jour)s AND CASE WHEN d.jours = '{}'
                THEN d.premier_jour >= %(premier_jour)s
                ELSE coalesce(d.dernier_jour >= %(premier_jour)s, true) END)::text,
        (SELECT json_agg(json_build_array(lower(i.periode), coalesce(upper(i.periode), %(terme)s)))
            FROM agenda_indisponibilite i
            WHERE i.lieu_id = l.id AND i.periode && tstzrange(%(depuis)s, %(terme)s))::text,
        (SELECT json_agg(json_build_array(o.debut, o.fin)) FROM agenda_periodeoccupee o
            WHERE o.lieu_id = l.id AND o.fin > %(depuis)s AND o.debut < %(terme)s)::text
    FROM annuaire_lieuexercice l
    JOIN annuaire_commune c ON c.code_insee = l.commune_id
    LEFT JOIN annuaire_effecteur e ON e.id = l.effecteur_id
    LEFT JOIN annuaire_profession f ON f.code = e.profession_id
    LEFT JOIN annuaire_structure s ON s.id = l.structure_id
    LEFT JOIN participation_participation p ON p.effecteur_id = l.effecteur_id
    LEFT JOIN participation_participationstructure ps
        ON ps.structure_id = l.structure_id AND l.effecteur_id IS NULL
    WHERE l.id = ANY(%(lieux)s) AND l.est_actif AND (e.est_actif OR e.id IS NULL AND s.est_active)
    ORDER BY l.id
"""
# Par leur début : la fin d’une place est celle de la plage rognée, telle qu’elle était ce jour-là.
_PLACES = """
    SELECT disponibilite_id, floor(extract(epoch FROM debut) / 60)::bigint, count(*)::int FROM (
        SELECT disponibilite_id, debut FROM agenda_reservation
        WHERE disponibilite_id = ANY(%(disponibilites)s) AND annulee_le IS NULL
            AND debut BETWEEN %(depuis)s AND %(terme)s
        UNION ALL
        SELECT disponibilite_id, debut FROM agenda_tenue
        WHERE disponibilite_id = ANY(%(disponibilites)s) AND expire_le > %(maintenant)s
            AND debut BETWEEN %(depuis)s AND %(terme)s AND id IS DISTINCT FROM %(sans_tenue)s
    ) occupees GROUP BY 1, 2
"""


class Sources(NamedTuple):
    """`prises` : places prises, ou tenues le temps d’un appel, par (disponibilité, minute de début)."""

    lieux: dict[int, LieuLu]
    agendas: dict[int, list[AgendaRecu]]
    prises: dict[tuple[int, int], int]
    specialites: list[SpecialiteLue]


def lire_sources(
    lieu_ids: Collection[int], maintenant: datetime, *, jours: int, sans_tenue: int | None
) -> Sources:
    """Ces lieux, ou ceux d’entre eux qui sont en activité, sur `jours` ; un nombre fixe d’instructions."""
    terme = maintenant + timedelta(days=jours) + UN_JOUR
    periode = {"depuis": maintenant - UN_JOUR, "terme": terme}
    dates = {"premier_jour": maintenant.date() - UN_JOUR, "dernier_jour": terme.date()}
    with connection.cursor() as curseur:
        curseur.execute(_LIEUX, {"lieux": list(lieu_ids), **periode, **dates})
        lieux = {ligne[0]: _lieu(ligne) for ligne in curseur.fetchall()}
        lues = [ouverture.id for lieu in lieux.values() for ouverture in lieu.ouvertures]
        prises = {}
        if lues:
            tenues = {"maintenant": maintenant, "sans_tenue": sans_tenue}
            curseur.execute(_PLACES, {"disponibilites": lues, **tenues, **periode})
            prises = {(disponibilite, debut): nombre for disponibilite, debut, nombre in curseur.fetchall()}
        curseur.execute(
            "SELECT id, libelle, profession_id, savoir_faire, type_structure FROM annuaire_specialite ORDER BY id"
        )
        specialites = [SpecialiteLue(*ligne) for ligne in curseur.fetchall()]
    agendas: dict[int, list[AgendaRecu]] = {}
    for lieu_id, agenda in agendas_recus(lieux, maintenant):
        agendas.setdefault(lieu_id, []).append(agenda)
    return Sources(lieux, agendas, prises, specialites)


def _lieu(ligne: tuple[Any, ...]) -> LieuLu:
    """Les trois dernières colonnes sont en JSON, et nulles pour qui ne saisit rien."""
    lieu = LieuLu._make(ligne)
    *_, disponibilites, fermetures, occupees = ligne
    lues = _disponibilites.decode(disponibilites) if disponibilites else ()
    return lieu._replace(
        ouvertures=[lue.ouverture(ZoneInfo(lieu.fuseau)) for lue in lues],
        fermetures=_intervalles(fermetures),
        occupees=_intervalles(occupees),
    )


def _intervalles(periodes: str | None) -> list[Intervalle]:
    lues: Iterable[tuple[datetime, datetime]] = _periodes.decode(periodes) if periodes else ()
    return [Intervalle(debut, fin) for debut, fin in lues]
