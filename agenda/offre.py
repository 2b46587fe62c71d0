"""La projection que lit la recherche : reconstruite par une seule fonction (docs/adr/0008).

Les sources sont l’annuaire, la participation, l’agenda saisi, les places
tenues et les agendas d’éditeurs. `rafraichir` recalcule les lieux qu’on lui
nomme et n’écrit que ce qui change.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Q

from agenda.domaine.offre import (
    FUSEAUX,
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
from agenda.editeurs.liens import LienRefuse, avec_origine
from agenda.enums import Genre, ModaliteConsultation
from agenda.models import (
    AgendaEditeur,
    CarteLieu,
    Disponibilite,
    Editeur,
    Indisponibilite,
    OffreLieu,
    OffrePerimee,
    Reservation,
)
from annuaire.enums import TypeStructure
from annuaire.models import LieuExercice, Specialite
from participation.domaine.eligibilite import Affichage, affichage_effecteur, affichage_structure
from participation.models import Participation, ParticipationStructure
from sas_platform.socle.intervalles import Intervalle
from sas_platform.socle.iterables import par_lots

LOT = 1000
MASQUES = {modalite: 1 << rang for rang, modalite in enumerate(ModaliteConsultation.values)}


class CarteEffecteur(msgspec.Struct, frozen=True):
    identifiant_national: str
    nom: str
    prenom: str
    profession: str
    specialites: tuple[str, ...]
    conventionnement: str


class CarteStructure(msgspec.Struct, frozen=True):
    nom: str
    type: str


class CarteAdresse(msgspec.Struct, frozen=True):
    id: str
    nom: str
    adresse: str
    code_postal: str
    commune: str
    commune_insee: str
    lat: float
    lon: float
    fuseau: str
    telephone: str
    informations: str
    precision: str


class CreneauOffert(msgspec.Struct, omit_defaults=True):
    """Un créneau proposable. Bornes au décalage horaire du lieu.

    `lien` : adresse de réservation chez l’éditeur, origine comprise ; `None`
    si l’on ne réserve pas en ligne. `age_s` : secondes depuis la lecture chez
    l’éditeur ou la saisie ; absent du document, rempli à la lecture.
    """

    id: str
    debut: datetime
    fin: datetime
    source: str
    editeur: str | None
    modalites: tuple[str, ...]
    capacite: int
    prises: int
    lien: str | None
    est_plage: bool
    age_s: int | None = None


class Carte(msgspec.Struct, frozen=True):
    """Ce que montre la carte d’un lieu ; gardée en JSON dans `CarteLieu.document`."""

    effecteur: CarteEffecteur | None
    structure: CarteStructure | None
    lieu: CarteAdresse
    creneaux: list[CreneauOffert]


encodeur_carte = msgspec.json.Encoder()
decodeur_carte = msgspec.json.Decoder(Carte)


@transaction.atomic
def rafraichir(lieu_ids: Collection[int], maintenant: datetime) -> int:
    """Recalcule la projection de ces lieux ; rend le nombre de cartes qui ont changé.

    À appeler dans la transaction qui a changé une source. Les lieux sont
    d’abord verrouillés, dans l’ordre : deux écritures concurrentes du même
    lieu se suivent, et la seconde voit la première.
    """
    changees = 0
    for lot in par_lots(sorted(lieu_ids), LOT):
        lieux = LieuExercice.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
        list(lieux.filter(pk__in=lot).values_list("pk", flat=True))
        OffrePerimee.objects.filter(pk__in=lot).delete()
        changees += _ecrire(_calculer(lot, maintenant), lot)
    return changees


def creneaux_du_lieu(lieu_id: int, maintenant: datetime) -> tuple[CreneauCarte, ...]:
    """Ce qui est proposable en ce lieu d’après les sources, dans la fenêtre montrée (S-40)."""
    lignes = _calculer([lieu_id], maintenant)
    if not lignes:
        return ()
    fin = en_minutes(fin_de_fenetre(maintenant, ZoneInfo(FUSEAUX[lignes[0].fuseau])))
    return tuple(creneau for creneau in lignes[0].creneaux if creneau.debut < fin)


def balayer(maintenant: datetime) -> int:
    """Avance le premier créneau des offres dont le premier est passé ; rend leur nombre."""
    minute = en_minutes(maintenant)
    with connection.cursor() as curseur:
        curseur.execute(
            """
            UPDATE agenda_offrelieu o SET premier_debut = p.debut, premier_fin = p.fin
            FROM agenda_cartelieu c, LATERAL (
                SELECT t.debut, t.fin FROM unnest(c.debuts, c.fins) AS t (debut, fin)
                WHERE t.fin > %(minute)s ORDER BY t.debut, t.fin LIMIT 1
            ) p
            WHERE c.lieu_id = o.lieu_id AND o.premier_fin <= %(minute)s
            """,
            {"minute": minute},
        )
        avancees = curseur.rowcount
        curseur.execute(
            "UPDATE agenda_offrelieu SET premier_debut = NULL, premier_fin = NULL WHERE premier_fin <= %s",
            [minute],
        )
        return int(avancees + curseur.rowcount)


@transaction.atomic
def rafraichir_perimees(maintenant: datetime, limite: int = LOT) -> int:
    """Recalcule jusqu’à `limite` lieux marqués dans `OffrePerimee` ; rend leur nombre.

    Plusieurs processus peuvent la jouer à la fois : chacun prend d’autres lieux.
    Un lieu qu’une orientation tient est laissé au tour suivant : l’attendre avec
    sa marque, que l’orientation va effacer, ferait un interblocage.
    """
    perimees = OffrePerimee.objects.select_for_update(skip_locked=True).order_by("pk")
    marques = list(perimees.values_list("pk", flat=True)[:limite])
    lieux = LieuExercice.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    lieu_ids = list(lieux.filter(pk__in=marques).order_by("pk").values_list("pk", flat=True))
    rafraichir(lieu_ids, maintenant)
    return len(lieu_ids)


# Lieux dont l’offre change avec le temps : une source de créneaux, ou une carte qui en montre.
_LIEUX_VIVANTS = """
    SELECT lieu_id FROM agenda_disponibilite
    UNION SELECT lieu_id FROM agenda_agendaediteur
    UNION SELECT lieu_id FROM agenda_cartelieu WHERE cardinality(debuts) > 0
"""


def lieux_vivants() -> list[int]:
    with connection.cursor() as curseur:
        curseur.execute(_LIEUX_VIVANTS)
        return [lieu_id for (lieu_id,) in curseur.fetchall()]


def marquer_vivants() -> int:
    """Marque à recalculer tous les lieux vivants ; rend le nombre de ceux qui ne l’étaient pas déjà."""
    with connection.cursor() as curseur:
        curseur.execute(f"INSERT INTO agenda_offreperimee (lieu_id) {_LIEUX_VIVANTS} ON CONFLICT DO NOTHING")
        return int(curseur.rowcount)


# --- Calcul -----------------------------------------------------------------


@dataclass(slots=True)
class _Sources:
    """Tout ce dont dépendent les lieux d’un lot, lu en un nombre fixe de requêtes."""

    ouvertures: dict[int, list[Disponibilite]] = field(default_factory=lambda: defaultdict(list))
    fermetures: dict[int, list[Intervalle]] = field(default_factory=lambda: defaultdict(list))
    prises: dict[tuple[int, int], int] = field(default_factory=dict)
    agendas: dict[int, list[AgendaRecu]] = field(default_factory=lambda: defaultdict(list))
    participations: dict[int, Participation] = field(default_factory=dict)
    structures: dict[int, bool] = field(default_factory=dict)
    specialites: list[Specialite] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Ligne:
    lieu_id: int
    document: str
    empreinte: str
    creneaux: list[CreneauCarte]
    specialite_ids: list[int]
    lon: float
    lat: float
    fuseau: int
    affichage: Affichage


def _calculer(lieu_ids: list[int], maintenant: datetime) -> list[_Ligne]:
    lieux = (
        LieuExercice.objects.filter(pk__in=lieu_ids, est_actif=True)
        .filter(Q(effecteur__est_actif=True) | Q(effecteur=None, structure__est_active=True))
        .select_related("effecteur__profession", "structure", "commune")
        .order_by("pk")
    )
    lieux_lus = list(lieux)
    sources = _lire_sources(lieux_lus, maintenant)
    lignes = (_ligne(lieu, sources, maintenant) for lieu in lieux_lus)
    return [ligne for ligne in lignes if ligne.specialite_ids]


def _lire_sources(lieux: list[LieuExercice], maintenant: datetime) -> _Sources:
    ids = [lieu.pk for lieu in lieux]
    veille = maintenant.date() - timedelta(days=1)  # un jour de marge couvre tous les fuseaux
    terme = maintenant + timedelta(days=JOURS_CALCULES + 1)
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
    # Par leur début : la fin d’une place est celle de la plage rognée, telle qu’elle était ce jour-là.
    prises = Reservation.objects.filter(
        disponibilite__lieu__in=ids, annulee_le=None, debut__range=(maintenant - timedelta(days=1), terme)
    )
    for disponibilite_id, debut, nombre in (
        prises.values_list("disponibilite_id", "debut").annotate(n=Count("pk")).order_by()
    ):
        sources.prises[disponibilite_id, en_minutes(debut)] = nombre
    editeurs = Editeur.objects.in_bulk()
    agendas = AgendaEditeur.objects.filter(lieu__in=ids, raccordement__editeur__est_actif=True)
    for agenda in agendas.order_by("pk").values_list(
        "pk", "lieu_id", "raccordement__editeur", "raccordement__lot_id", "telephone", "creneaux"
    ):
        sources.agendas[agenda[1]].append(_agenda_recu(agenda, editeurs[agenda[2]]))
    effecteurs = {lieu.effecteur_id for lieu in lieux if lieu.effecteur_id}
    sources.participations = {
        p.effecteur_id: p for p in Participation.objects.filter(effecteur__in=effecteurs)
    }
    structures = {lieu.structure_id for lieu in lieux if lieu.effecteur_id is None}
    sources.structures = dict(
        ParticipationStructure.objects.filter(structure__in=structures).values_list(
            "structure_id", "participe"
        )
    )
    return sources


def _agenda_recu(agenda: tuple[Any, ...], editeur: Editeur) -> AgendaRecu:
    """Agenda lu chez un éditeur, ses liens complétés de l’origine ; un lien refusé ne se réserve pas en ligne."""
    agenda_id, _, _, lot, telephone, creneaux = agenda
    liens: dict[str, str] = {"": ""}
    for creneau in creneaux:
        if creneau["l"] not in liens:
            with suppress(LienRefuse):
                liens[creneau["l"]] = avec_origine(
                    creneau["l"],
                    origine=editeur.origine,
                    hotes=editeur.hotes_reservation,
                    http_local=not settings.EST_EN_LIGNE,
                )
    avec_liens = [creneau | {"l": liens.get(creneau["l"], "")} for creneau in creneaux]
    return AgendaRecu(id=agenda_id, editeur=editeur.nom, lot=lot, telephone=telephone, creneaux=avec_liens)


def _ligne(lieu: LieuExercice, sources: _Sources, maintenant: datetime) -> _Ligne:
    affichage = _affichage(lieu, sources)
    fuseau = ZoneInfo(lieu.fuseau)
    ouvertures = [_ouverture(d, lieu.fuseau) for d in sources.ouvertures.get(lieu.pk, ())]
    agendas = sources.agendas.get(lieu.pk, ()) if affichage.agenda_editeur else ()
    creneaux = composer(
        ouvertures=ouvertures if affichage.agenda_saisi else (),
        fermetures=sources.fermetures.get(lieu.pk, ()),
        prises=sources.prises,
        agendas=agendas,
        fuseau=fuseau,
        maintenant=maintenant,
    )
    specialites = specialites_de(lieu, sources.specialites)
    carte = _carte(lieu, specialites, creneaux, telephone=telephone_de(agendas, creneaux) or lieu.telephone)
    document = encodeur_carte.encode(carte).decode()
    signature = f"{document}|{affichage}|{[s.pk for s in specialites]}"
    return _Ligne(
        lieu_id=lieu.pk,
        document=document,
        empreinte=hashlib.blake2s(signature.encode(), digest_size=16).hexdigest(),
        creneaux=creneaux,
        specialite_ids=[specialite.pk for specialite in specialites],
        lon=lieu.lon,
        lat=lieu.lat,
        fuseau=FUSEAUX.index(lieu.fuseau),
        affichage=affichage,
    )


def _affichage(lieu: LieuExercice, sources: _Sources) -> Affichage:
    if lieu.effecteur_id is None:
        return affichage_structure(participe=sources.structures.get(lieu.structure_id or 0, False))
    reglages = sources.participations.get(lieu.effecteur_id) or Participation()
    return affichage_effecteur(
        participe=reglages.participe,
        modalite=reglages.modalite,
        refuse_affichage=reglages.refuse_affichage,
        dans_un_centre_de_sante=lieu.structure is not None and lieu.structure.type == TypeStructure.CDS,
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


def specialites_de(lieu: LieuExercice, specialites: list[Specialite]) -> list[Specialite]:
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
    effecteur, structure = lieu.effecteur, lieu.structure
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
        creneaux=[_creneau_offert(creneau, ZoneInfo(lieu.fuseau)) for creneau in creneaux],
    )


def _creneau_offert(creneau: CreneauCarte, fuseau: ZoneInfo) -> CreneauOffert:
    return CreneauOffert(
        id=creneau.id,
        debut=en_instant(creneau.debut).astimezone(fuseau),
        fin=en_instant(creneau.fin).astimezone(fuseau),
        source="editeur" if creneau.editeur else "agenda_sas",
        editeur=creneau.editeur or None,
        modalites=creneau.modalites,
        capacite=creneau.capacite,
        prises=creneau.prises,
        lien=creneau.lien or None,
        est_plage=creneau.est_plage,
    )


# --- Écriture ---------------------------------------------------------------

_RETIRER = """
    WITH gardes AS (SELECT unnest(%(lieux)s::bigint[]) AS lieu_id, unnest(%(specialites)s::smallint[]) AS specialite_id),
    offres AS (
        DELETE FROM agenda_offrelieu o WHERE o.lieu_id = ANY(%(lot)s::bigint[]) AND NOT EXISTS (
            SELECT FROM gardes g WHERE g.lieu_id = o.lieu_id AND g.specialite_id = o.specialite_id)
        RETURNING o.lieu_id
    ),
    cartes AS (
        DELETE FROM agenda_cartelieu c WHERE c.lieu_id = ANY(%(lot)s::bigint[])
        AND NOT EXISTS (SELECT FROM gardes g WHERE g.lieu_id = c.lieu_id)
        RETURNING c.lieu_id
    )
    SELECT (SELECT count(*) FROM cartes)
"""
_ECRIRE_CARTE = """
    INSERT INTO agenda_cartelieu (lieu_id, document, debuts, fins, masques, fraicheurs, lots, empreinte)
    VALUES (%s, %s, %s::int[], %s::int[], %s::smallint[], %s::int[], %s::int[], %s)
    ON CONFLICT (lieu_id) DO UPDATE SET document = excluded.document, debuts = excluded.debuts,
        fins = excluded.fins, masques = excluded.masques, fraicheurs = excluded.fraicheurs,
        lots = excluded.lots, empreinte = excluded.empreinte
"""
_ECRIRE_OFFRE = """
    INSERT INTO agenda_offrelieu
        (lieu_id, specialite_id, position, fuseau, participe, en_sus, premier_debut, premier_fin)
    VALUES (%s, %s, point(%s, %s), %s, %s, %s, %s, %s)
    ON CONFLICT (lieu_id, specialite_id) DO UPDATE SET position = excluded.position, fuseau = excluded.fuseau,
        participe = excluded.participe, en_sus = excluded.en_sus,
        premier_debut = excluded.premier_debut, premier_fin = excluded.premier_fin
    WHERE (agenda_offrelieu.fuseau, agenda_offrelieu.participe, agenda_offrelieu.en_sus,
           agenda_offrelieu.premier_debut, agenda_offrelieu.premier_fin)
        IS DISTINCT FROM (excluded.fuseau, excluded.participe, excluded.en_sus,
           excluded.premier_debut, excluded.premier_fin)
        OR agenda_offrelieu.position <> excluded.position
"""


def _ecrire(lignes: list[_Ligne], lot: list[int]) -> int:
    connues = dict(CarteLieu.objects.filter(lieu__in=lot).values_list("lieu_id", "empreinte"))
    changees = [ligne for ligne in lignes if connues.get(ligne.lieu_id) != ligne.empreinte]
    with connection.cursor() as curseur:
        retirees = 0
        if connues or OffreLieu.objects.filter(lieu__in=lot).exists():
            curseur.execute(
                _RETIRER,
                {
                    "lot": lot,
                    "lieux": [ligne.lieu_id for ligne in lignes for _ in ligne.specialite_ids],
                    "specialites": [pk for ligne in lignes for pk in ligne.specialite_ids],
                },
            )
            (retirees,) = curseur.fetchone() or (0,)
        if changees:
            curseur.executemany(_ECRIRE_CARTE, [_valeurs_carte(ligne) for ligne in changees])
            offres = [valeurs for ligne in changees for valeurs in _valeurs_offres(ligne)]
            curseur.executemany(_ECRIRE_OFFRE, offres)
    return len(changees) + retirees


def _valeurs_carte(ligne: _Ligne) -> tuple[Any, ...]:
    return (
        ligne.lieu_id,
        ligne.document,
        [creneau.debut for creneau in ligne.creneaux],
        [creneau.expire for creneau in ligne.creneaux],
        [sum(MASQUES[modalite] for modalite in creneau.modalites) for creneau in ligne.creneaux],
        [-creneau.lot if creneau.lot else creneau.maj for creneau in ligne.creneaux],
        sorted({creneau.lot for creneau in ligne.creneaux if creneau.lot}),
        ligne.empreinte,
    )


def _valeurs_offres(ligne: _Ligne) -> Iterator[tuple[Any, ...]]:
    premier = ligne.creneaux[0] if ligne.creneaux else None
    for specialite_id in ligne.specialite_ids:
        yield (
            ligne.lieu_id,
            specialite_id,
            ligne.lon,
            ligne.lat,
            ligne.fuseau,
            ligne.affichage.participe,
            ligne.affichage.en_sus,
            premier and premier.debut,
            premier and premier.expire,
        )
