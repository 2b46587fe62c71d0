"""Les sources lues en SQL sont celles que l’ORM lirait, dans des mondes tirés au hasard."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from agenda.domaine.offre import JOURS_CALCULES, AgendaRecu, CreneauRecu, Ouverture, en_minutes
from agenda.enums import Genre, ModaliteConsultation
from agenda.models import (
    AgendaEditeur,
    Disponibilite,
    Indisponibilite,
    PeriodeOccupee,
    PeriodePrise,
    Reservation,
    Tenue,
)
from agenda.offre import rafraichir
from agenda.offre.sources import LieuLu, lire_sources
from annuaire.enums import TypeStructure
from annuaire.models import LieuExercice
from participation.models import Participation, ParticipationStructure
from sas_platform.socle.intervalles import Intervalle
from tests.agenda.factories import (
    AgendaEditeurFactory,
    DisponibiliteFactory,
    EditeurFactory,
    IndisponibiliteFactory,
    LotFactory,
    RaccordementFactory,
    ReservationFactory,
)
from tests.annuaire.factories import (
    EffecteurFactory,
    LieuExerciceFactory,
    SpecialiteFactory,
    StructureFactory,
)
from tests.comptes.factories import CompteFactory
from tests.participation.factories import ParticipationFactory, ParticipationStructureFactory

pytestmark = pytest.mark.django_db
MAINTENANT = datetime(2026, 11, 4, 22, 30, tzinfo=UTC)  # mercredi, 23 h 30 à Paris, jeudi à La Réunion
JOUR, HEURE = timedelta(days=1), timedelta(hours=1)
MODALITES = ModaliteConsultation.values


# --- Un monde au hasard -------------------------------------------------------


def monde(hasard: Random) -> list[int]:
    """Lieux d’effecteurs et de structures, et toutes leurs sources, passées et à venir."""
    SpecialiteFactory()
    SpecialiteFactory(pediatrie=True)
    SpecialiteFactory(centre_de_sante=True)
    structures = [StructureFactory(type=t, est_active=hasard.random() < 0.9) for t in TypeStructure]
    for structure in structures:
        if hasard.random() < 0.5:
            ParticipationStructureFactory(structure=structure, participe=hasard.random() < 0.6)
    lots = [LotFactory(editeur=EditeurFactory(est_actif=actif), lu=actif) for actif in (True, True, False)]
    lieux = [_lieu_de_structure(hasard, structure) for structure in structures]
    for _ in range(8):
        lieux += _effecteur(hasard, structures, lots)
    for lieu in lieux:
        _agenda_saisi(hasard, lieu)
    return [lieu.pk for lieu in lieux]


def _lieu_de_structure(hasard, structure) -> LieuExercice:
    return LieuExerciceFactory(effecteur=None, structure=structure, reunion=hasard.random() < 0.2)


def _effecteur(hasard, structures, lots) -> list[LieuExercice]:
    effecteur = EffecteurFactory(
        savoir_faire=hasard.sample(["SM40", "SM54", "SM01"], hasard.randrange(3)),
        conventionnement=hasard.choice(["", "secteur_1", "secteur_2"]),
        est_actif=hasard.random() < 0.85,
    )
    lieux = [
        LieuExerciceFactory(
            effecteur=effecteur,
            structure=hasard.choice([None, *structures]),
            reunion=hasard.random() < 0.3,
            est_actif=hasard.random() < 0.9,
            accueil=hasard.sample(["carte_vitale", "fauteuil"], hasard.randrange(3)),
            langues=hasard.sample(["en", "ar", "fsl"], hasard.randrange(3)),
        )
        for _ in range(hasard.randrange(1, 4))
    ]
    trait = hasard.choice(
        [None, "", "interface", "via_cpts", "via_msp", "via_sos", "sans_affichage", "refus"]
    )
    if trait is not None:
        par = {"via_msp": TypeStructure.MSP, "via_cpts": TypeStructure.CPTS}.get(trait)
        structure = {"structure": next(s for s in structures if s.type == par)} if par else {}
        participation = ParticipationFactory(
            effecteur=effecteur,
            forfait_reorientation=hasard.random() < 0.5,
            **structure,
            **({trait: True} if trait else {}),
        )
        participation.lieux.set(hasard.sample(lieux, hasard.randrange(len(lieux) + 1)))
    for lot in hasard.sample(lots, hasard.randrange(3)):
        raccordement = RaccordementFactory(effecteur=effecteur, lot=lot, editeur=lot.editeur)
        for lieu in hasard.sample(lieux, hasard.randrange(1, len(lieux) + 1)):
            _agenda_recu(hasard, raccordement, lieu)
    return lieux


def _agenda_recu(hasard, raccordement, lieu) -> None:
    creneaux = []
    for rang in range(hasard.randrange(4)):
        debut = en_minutes(MAINTENANT) + hasard.randrange(-600, 6000, 15)
        lien = hasard.choice(["", "https://rdv.exemple.invalid/a", "https://ailleurs.invalid/b"])
        creneau = {"i": f"c{rang}", "d": debut, "f": debut + 15, "m": ["cabinet"], "v": ["PUBLIC"], "l": lien}
        creneaux.append(creneau | ({"c": ["590000001"]} if hasard.random() < 0.3 else {}))
    AgendaEditeurFactory(raccordement=raccordement, lieu=lieu, creneaux=creneaux, noms_cpts={})
    if hasard.random() < 0.4:
        debut = MAINTENANT + hasard.randrange(-3, 60) * HEURE
        prise_le = MAINTENANT - hasard.randrange(1, 2000) * timedelta(minutes=1)
        PeriodePrise.objects.get_or_create(
            lieu=lieu, debut=debut, fin=debut + HEURE, defaults={"prise_le": prise_le}
        )


def _agenda_saisi(hasard, lieu) -> None:
    for _ in range(hasard.randrange(4)):
        premier = date(2026, 11, 4) + hasard.randrange(-20, 8) * JOUR
        chaque_semaine = hasard.random() < 0.6
        plage = hasard.random() < 0.5
        disponibilite = DisponibiliteFactory(
            lieu=lieu,
            plage=plage,
            modalites=hasard.sample(MODALITES, hasard.randrange(1, len(MODALITES) + 1)),
            premier_jour=premier,
            dernier_jour=hasard.choice([None, premier + hasard.randrange(30) * JOUR]),
            jours=hasard.sample(range(1, 8), hasard.randrange(1, 5)) if chaque_semaine else [],
            toutes_les_n_semaines=hasard.choice([1, 1, 2]) if chaque_semaine else 1,
            heure_debut=time(hasard.randrange(8, 11), hasard.choice([0, 20])),
            heure_fin=time(hasard.randrange(12, 23)),
            sauf=[premier + hasard.randrange(20) * JOUR for _ in range(hasard.randrange(2))],
        )
        for rang in range(1, hasard.randrange(3 if plage else 2) + 1):
            debut = MAINTENANT + hasard.randrange(-40, 130) * HEURE
            annulee_le = hasard.choice([None, None, MAINTENANT])
            ReservationFactory(
                disponibilite=disponibilite, debut=debut, fin=debut + HEURE, rang=rang, annulee_le=annulee_le
            )
        if hasard.random() < 0.5:
            Tenue.objects.create(
                compte=CompteFactory(),
                disponibilite=disponibilite,
                debut=MAINTENANT + 10 * HEURE,
                rang=1,
                prise_le=MAINTENANT - HEURE,
                expire_le=MAINTENANT + hasard.choice([-1, 1]) * timedelta(minutes=2),
            )
    if hasard.random() < 0.4:
        debut = MAINTENANT + hasard.randrange(-80, 100) * HEURE
        fin = hasard.choice([None, debut + hasard.randrange(1, 200) * HEURE])
        IndisponibiliteFactory(lieu=lieu, periode=DateTimeTZRange(debut, fin))
    if hasard.random() < 0.4:
        debut = MAINTENANT + hasard.randrange(-80, 150) * HEURE
        PeriodeOccupee.objects.create(lieu=lieu, debut=debut, fin=debut + hasard.randrange(1, 60) * HEURE)


# --- Ce que l’ORM y lit --------------------------------------------------------


def lieu_attendu(lieu: LieuExercice) -> LieuLu | None:
    """Sans optimisation, un lieu à la fois : la définition de ce que la projection doit savoir."""
    effecteur, structure = lieu.effecteur, lieu.structure
    porteur_actif = effecteur.est_actif if effecteur else structure.est_active
    if not lieu.est_actif or not porteur_actif:
        return None
    reglages = Participation.objects.filter(effecteur=effecteur).first() if effecteur else None
    reglages = reglages or Participation()
    par_elle = Participation.objects.filter(
        structure=structure, modalite="msp", participe=True, effecteur__est_actif=True
    )
    elle_le_dit = ParticipationStructure.objects.filter(structure=structure, participe=True)
    return LieuLu(
        id=lieu.pk,
        nom=lieu.nom,
        adresse=lieu.adresse,
        code_postal=lieu.code_postal,
        lat=lieu.lat,
        lon=lieu.lon,
        precision=lieu.precision_geo,
        fuseau=lieu.fuseau,
        telephone=lieu.telephone,
        informations=lieu.informations_complementaires,
        accueil=lieu.accueil,
        langues=lieu.langues,
        commune_insee=lieu.commune.code_insee,
        commune=lieu.commune.nom,
        departement=lieu.commune.departement_id,
        effecteur_id=lieu.effecteur_id,
        identifiant_national=effecteur.identifiant_national if effecteur else "",
        nom_effecteur=effecteur.nom if effecteur else "",
        prenom_effecteur=effecteur.prenom if effecteur else "",
        conventionnement=effecteur.conventionnement if effecteur else "",
        savoir_faire=effecteur.savoir_faire if effecteur else [],
        profession_id=effecteur.profession_id if effecteur else "",
        profession=effecteur.profession.libelle if effecteur else "",
        structure_id=lieu.structure_id,
        nom_structure=structure.nom if structure else "",
        type_structure=structure.type if structure else "",
        participe=reglages.participe,
        modalite=reglages.modalite,
        utilise_logiciel=reglages.utilise_logiciel,
        refuse_affichage=reglages.refuse_affichage,
        forfait=reglages.forfait_reorientation,
        participe_par_id=reglages.structure_id,
        rattache=reglages.modalite == "cpts" and lieu in reglages.lieux.all(),
        structure_participe=effecteur is None and elle_le_dit.exists(),
        par_elle=effecteur is None and par_elle.exists(),
        ouvertures=_ouvertures(lieu),
        fermetures=_fermetures(lieu),
        occupees=[
            Intervalle(p.debut, p.fin)
            for p in PeriodeOccupee.objects.filter(lieu=lieu).order_by("pk")
            if p.fin > MAINTENANT - JOUR and p.debut < MAINTENANT + (JOURS_CALCULES + 1) * JOUR
        ],
    )


def _ouvertures(lieu: LieuExercice) -> list[Ouverture]:
    """Celles qui peuvent encore s’ouvrir dans la fenêtre, un jour de marge de chaque côté."""
    veille, terme = (MAINTENANT - JOUR).date(), (MAINTENANT + (JOURS_CALCULES + 1) * JOUR).date()
    return [
        Ouverture(
            id=d.pk,
            regle=d.regle(lieu.fuseau),
            est_plage=d.genre == Genre.PLAGE,
            capacite=d.capacite,
            modalites=tuple(m for m in MODALITES if m in d.modalites),
            maj=en_minutes(d.modifie_le),
        )
        for d in Disponibilite.objects.filter(lieu=lieu).order_by("pk")
        if d.premier_jour <= terme and ((d.dernier_jour or terme) if d.jours else d.premier_jour) >= veille
    ]


def _fermetures(lieu: LieuExercice) -> list[Intervalle]:
    depuis, terme = MAINTENANT - JOUR, MAINTENANT + (JOURS_CALCULES + 1) * JOUR
    periodes = Indisponibilite.objects.filter(lieu=lieu).order_by("pk").values_list("periode", flat=True)
    return [
        Intervalle(periode.lower, periode.upper or terme)
        for periode in periodes
        if periode.lower < terme and (periode.upper or terme) > depuis
    ]


def places_attendues(disponibilite_ids: set[int]) -> dict[tuple[int, int], int]:
    places: dict[tuple[int, int], int] = {}
    tenues = [t for t in Tenue.objects.all() if t.expire_le > MAINTENANT]
    for place in (*Reservation.objects.filter(annulee_le=None), *tenues):
        dans_la_periode = -JOUR <= place.debut - MAINTENANT <= (JOURS_CALCULES + 1) * JOUR
        if place.disponibilite_id in disponibilite_ids and dans_la_periode:
            cle = place.disponibilite_id, en_minutes(place.debut)
            places[cle] = places.get(cle, 0) + 1
    return places


def agendas_attendus(lieu_id: int) -> list[AgendaRecu]:
    agendas = AgendaEditeur.objects.filter(lieu=lieu_id, raccordement__editeur__est_actif=True).order_by("pk")
    return [_agenda_attendu(agenda) for agenda in agendas]


def _agenda_attendu(agenda: AgendaEditeur) -> AgendaRecu:
    editeur, lot = agenda.raccordement.editeur, agenda.raccordement.lot
    periodes = PeriodePrise.objects.filter(lieu=agenda.lieu_id, fin__gt=MAINTENANT).order_by("pk")
    return AgendaRecu(
        id=agenda.pk,
        editeur=editeur.nom,
        lot=lot.pk,
        telephone=agenda.telephone,
        creneaux=[
            CreneauRecu(c["i"], c["d"], c["f"], tuple(c["m"]), tuple(c["v"]), c["l"], tuple(c.get("c", ())))
            for c in agenda.creneaux
        ],
        liens={
            c["l"]: f"{c['l']}?origin={editeur.origine}"
            for c in agenda.creneaux
            if any(f"https://{hote}/" in c["l"] for hote in editeur.hotes_reservation)
        },
        prises=[
            (en_minutes(p.debut), en_minutes(p.fin))
            for p in periodes
            if lot.lu_le is None or lot.lu_le <= p.prise_le
        ],
        grise_s=editeur.grise_s,
        perime_s=editeur.peremption_s,
    )


# --- Comparaison ------------------------------------------------------------------


@pytest.mark.parametrize("graine", range(6))
def test_les_sources_sont_celles_que_l_orm_lirait(graine):
    lieu_ids = monde(Random(graine))

    lues = lire_sources(lieu_ids, MAINTENANT, jours=JOURS_CALCULES, sans_tenue=None)

    attendus = {pk: lieu_attendu(LieuExercice.objects.get(pk=pk)) for pk in sorted(lieu_ids)}
    assert lues.lieux == {pk: attendu for pk, attendu in attendus.items() if attendu}
    assert lues.prises == places_attendues({o.id for lieu in lues.lieux.values() for o in lieu.ouvertures})
    for pk in lues.lieux:
        assert lues.agendas.get(pk, []) == agendas_attendus(pk)


@pytest.mark.parametrize("graine", range(6, 10))
def test_reconstruire_un_monde_entier_ne_change_rien(graine):
    lieu_ids = monde(Random(graine))
    rafraichir(lieu_ids, MAINTENANT)

    assert rafraichir(lieu_ids, MAINTENANT) == 0
