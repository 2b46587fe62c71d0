"""Les mesures d’un mois, comparées à un second calcul, lent et sans SQL, sur des pays tirés au hasard."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from math import asin, ceil, cos, radians, sin, sqrt

import pytest

from agenda.models import AppelsEditeur, ReleveHebdomadaire
from annuaire.models import Commune, Effecteur, LieuExercice, Territoire
from orientation.destinataires import territoire_de_la_commune
from orientation.enums import IssueAppel, Rattachement, StatutRendezVous
from orientation.models import (
    Appel,
    IssueOrientation,
    MotifRefus,
    Orientation,
    OrientationExterne,
    RecherchesDuJour,
)
from participation.models import Participation, VersionParticipation
from remuneration.domaine.mois import Mois
from remuneration.models import MesureMensuelle
from remuneration.pilotage.agregation import mesurer, relever_les_creneaux_recus
from remuneration.pilotage.lectures import indicateurs, mesures
from tests.agenda.factories import AgendaEditeurFactory, EditeurFactory
from tests.annuaire.factories import LieuExerciceFactory, TerritoireFactory
from tests.orientation.factories import OrientationFactory, RedirectionFactory, RendezVousFactory
from tests.remuneration.pilotage.monde import APRES, MOIS, PARIS, peupler

pytestmark = pytest.mark.django_db
Valeurs = dict[tuple[int | None, str], float]
AVANT = date(2025, 1, 1)


def mesure(code: str, mois: Mois = MOIS) -> Valeurs:
    lignes = MesureMensuelle.objects.filter(mois=mois.premier, code=code)
    return {
        (territoire, dim): n for territoire, dim, n in lignes.values_list("territoire", "dimension", "valeur")
    }


# --- Le second calcul ---------------------------------------------------------


def du_mois(instant: datetime) -> bool:
    local = instant.astimezone(PARIS)
    return (local.year, local.month) == (MOIS.annee, MOIS.numero)


def zones(code_insee: str) -> set[int]:
    commune = Commune.objects.get(pk=code_insee)
    return set(Territoire.objects.couvrant(commune).values_list("pk", flat=True))


def participants() -> set[Effecteur]:
    fin = datetime(2026, 5, 1, tzinfo=PARIS)
    retenus = set()
    for effecteur in Effecteur.objects.filter(est_actif=True):
        versions = VersionParticipation.objects.filter(effecteur=effecteur)
        avant = sorted((v for v in versions if v.le < fin), key=lambda v: (v.le, v.pk))
        if avant:
            dit = avant[-1].apres["participe"]
        else:
            repris = Participation.objects.filter(effecteur=effecteur, participe=True, cree_le__lt=fin)
            dit = not versions.exists() and repris.exists()
        if dit:
            retenus.add(effecteur)
    return retenus


def compter(faits: list[tuple[int | None, str]]) -> Valeurs:
    nombres: Counter[tuple[int | None, str]] = Counter()
    for territoire, dimension in faits:
        nombres[None, dimension] += 1
        if territoire is not None:
            nombres[territoire, dimension] += 1
    return dict(nombres)


@pytest.fixture(params=[1, 2, 3], ids="graine {}".format)
def pays(request) -> None:
    peupler(request.param)
    assert mesurer(MOIS, maintenant=APRES)


def test_les_orientations_et_leurs_issues_sont_celles_du_second_calcul(pays):
    prises = [o for o in Orientation.objects.all() if du_mois(o.prise_le)]
    versees = [e for e in OrientationExterne.objects.all() if du_mois(e.orientee_le)]
    issues = []
    for o in prises:
        dites = sorted(IssueOrientation.objects.filter(orientation=o), key=lambda i: (i.le, i.pk))
        issues.append(
            (o.territoire_id, "annule" if o.annulee_le else dites[-1].issue if dites else "inconnu")
        )
    issues += [(e.territoire_id, "annule" if e.est_annulee else "inconnu") for e in versees]

    assert mesure("orientations") == compter(
        [(o.territoire_id, "surnumeraire") for o in prises if not o.annulee_le]
    )
    assert mesure("orientations_externes") == compter(
        [(e.territoire_id, "en_sus") for e in versees if not e.est_annulee]
    )
    assert mesure("issues") == compter(issues)


def test_les_participants_sont_ceux_du_second_calcul(pays):
    par_territoire: defaultdict[int | None, set[int]] = defaultdict(set)
    for effecteur in participants():
        for lieu in LieuExercice.objects.filter(effecteur=effecteur, est_actif=True):
            par_territoire[None].add(effecteur.pk)
            for territoire in zones(lieu.commune_id):
                par_territoire[territoire].add(effecteur.pk)

    assert mesure("participants") == {(t, ""): len(qui) for t, qui in par_territoire.items()}


def test_la_part_du_dixieme_est_celle_du_second_calcul(pays):
    charges: defaultdict[int | None, list[int]] = defaultdict(list)
    for effecteur in participants():
        lieux = LieuExercice.objects.filter(effecteur=effecteur, est_actif=True).order_by("pk")
        if not lieux:
            continue
        recues = sum(
            du_mois(o.prise_le) and o.annulee_le is None
            for o in Orientation.objects.filter(effecteur=effecteur)
        )
        domicile = territoire_de_la_commune(lieux[0].commune)
        for territoire in {None, domicile.pk if domicile else None}:
            charges[territoire].append(recues)
    attendues = {
        (t, ""): sum(sorted(n, reverse=True)[: ceil(len(n) / 10)]) / sum(n)
        for t, n in charges.items()
        if len(n) >= 10 and sum(n)
    }

    assert mesure("part_du_dixieme") == pytest.approx(attendues)


def test_la_couverture_est_celle_du_second_calcul(pays):
    points = [
        (lieu.lat, lieu.lon)
        for effecteur in participants()
        if "SM54" in effecteur.savoir_faire
        for lieu in LieuExercice.objects.filter(effecteur=effecteur, est_actif=True)
    ]
    attendues: Counter[tuple[int | None, str]] = Counter()
    for commune in Commune.objects.select_related("departement"):
        for territoire in {None, *zones(commune.pk)}:
            attendues[territoire, "population"] += commune.population
            if any(km(commune, point) <= commune.departement.rayon_defaut_km for point in points):
                attendues[territoire, "couverte"] += commune.population

    lues = {(t, "population"): n for (t, _), n in mesure("population").items()}
    lues |= {(t, "couverte"): n for (t, _), n in mesure("population_couverte").items() if n}

    assert lues == dict(attendues)


def km(commune: Commune, point: tuple[float, float]) -> float:
    a, b = radians(commune.lat), radians(point[0])
    demi = sin((b - a) / 2) ** 2 + cos(a) * cos(b) * sin(radians(point[1] - commune.lon) / 2) ** 2
    return 2 * 6371 * asin(sqrt(demi))


def test_les_recherches_sont_celles_du_second_calcul(pays):
    attendues: Counter[tuple[int | None, str]] = Counter()
    for ligne in RecherchesDuJour.objects.all():
        if (ligne.jour.year, ligne.jour.month) == (2026, 4):
            for territoire in {None, ligne.territoire_id}:
                attendues[territoire, ligne.suite] += ligne.nombre

    assert mesure("recherches_suite") == dict(attendues)
    assert mesure("recherches")[None, ""] == sum(n for (t, _), n in attendues.items() if t is None)


# --- Ce que le hasard ne fait pas ----------------------------------------------


def test_recalculer_ne_change_rien():
    peupler(4)
    mesurer(MOIS, maintenant=APRES)
    avant = set(MesureMensuelle.objects.values_list("territoire", "code", "dimension", "valeur"))
    mesurer(MOIS, maintenant=APRES + timedelta(days=1))

    assert set(MesureMensuelle.objects.values_list("territoire", "code", "dimension", "valeur")) == avant


def test_un_rendez_vous_d_editeur_compte_une_fois_au_territoire_de_son_depart():
    territoire = TerritoireFactory()
    le = datetime(2026, 4, 10, 8, tzinfo=UTC)
    depart = RedirectionFactory(territoire=territoire, le=le)
    honore = StatutRendezVous.HONORE
    RendezVousFactory(recu_le=le, redirection=depart, rattachement=Rattachement.DEPART, statut=honore)
    RendezVousFactory(recu_le=le, statut=StatutRendezVous.ANNULE)
    orientation = OrientationFactory(prise_le=le, debut=le, fin=None, territoire=territoire)
    RendezVousFactory(recu_le=le, orientation=orientation, rattachement=Rattachement.ORIENTATION)
    mesurer(MOIS, maintenant=APRES)

    assert mesure("orientations") == {
        (None, "editeur"): 1,
        (territoire.pk, "editeur"): 1,
        (None, "premier_niveau"): 1,
        (territoire.pk, "premier_niveau"): 1,
    }
    assert mesure("issues")[None, "venu"] == 1
    assert mesure("issues")[None, "annule"] == 1


def test_une_orientation_corrigee_n_a_que_l_issue_de_sa_remplacante():
    le = datetime(2026, 4, 10, 8, tzinfo=UTC)
    corrigee = OrientationFactory(prise_le=le, debut=le, fin=None, annulee_le=le)
    OrientationFactory(prise_le=le, debut=le, fin=None, remplace=corrigee)
    OrientationFactory(prise_le=le, debut=le, fin=None, annulee_le=le)
    mesurer(MOIS, maintenant=APRES)

    assert mesure("issues") == {(None, "inconnu"): 1, (None, "annule"): 1}


def test_un_rendez_vous_sans_depart_est_du_territoire_ou_l_on_consulte():
    """Celui qui nomme la commune l’emporte ; sans lieu annoncé, c’est le premier du professionnel."""
    lieu = LieuExerciceFactory()
    du_departement = TerritoireFactory(departements=[lieu.commune.departement])
    de_la_commune = TerritoireFactory(communes=[lieu.commune])
    le = datetime(2026, 4, 10, 8, tzinfo=UTC)
    RendezVousFactory(recu_le=le, lieu=lieu, effecteur=lieu.effecteur)
    RendezVousFactory(recu_le=le, effecteur=lieu.effecteur)
    RendezVousFactory(recu_le=le)
    mesurer(MOIS, maintenant=APRES)

    assert mesure("orientations") == {(None, "editeur"): 3, (de_la_commune.pk, "editeur"): 2}
    assert mesure("issues") == {(None, "inconnu"): 3, (de_la_commune.pk, "inconnu"): 2}
    assert du_departement.pk < de_la_commune.pk


def test_les_appels_et_les_raisons_des_refus():
    territoire, lieu = TerritoireFactory(), LieuExerciceFactory()
    complet = MotifRefus.objects.create(libelle="Plus de place ce jour-là")
    for issue, motif in ((IssueAppel.REFUS, complet), (IssueAppel.SANS_REPONSE, None)):
        Appel.objects.create(
            pseudonyme="x",
            territoire=territoire,
            lieu=lieu,
            issue=issue,
            motif=motif,
            le=datetime(2026, 4, 2, tzinfo=UTC),
        )
    mesurer(MOIS, maintenant=APRES)
    lues = indicateurs(mesures(mois=[MOIS], territoires=[None])[MOIS, None])

    assert mesure("refus") == {(None, complet.libelle): 1, (territoire.pk, complet.libelle): 1}
    assert lues["part_refus"] == 0.5


def test_sans_appel_note_on_ne_dit_pas_combien_une_orientation_en_demande():
    OrientationFactory(surnumeraire=True, prise_le=datetime(2026, 4, 10, 8, tzinfo=UTC))
    mesurer(MOIS, maintenant=APRES)

    assert indicateurs(mesures(mois=[MOIS], territoires=[None])[MOIS, None])["appels_par_orientation"] is None


def test_les_heures_sont_la_moyenne_des_semaines_du_mois():
    lieu = LieuExerciceFactory()
    for lundi, minutes in ((date(2026, 3, 30), 600), (date(2026, 4, 6), 120), (date(2026, 4, 27), 240)):
        ReleveHebdomadaire.objects.create(
            effecteur=lieu.effecteur, semaine=lundi, minutes=minutes, seuil_min=120, releve_le=APRES
        )
    mesurer(MOIS, maintenant=APRES)

    assert mesure("heures_semaine") == {(None, "2026-04-06"): 2, (None, "2026-04-27"): 4}
    assert indicateurs(mesures(mois=[MOIS], territoires=[None])[MOIS, None])["heures"] == 3


def test_un_agenda_interface_compte_pour_le_mois_ou_il_avait_un_creneau():
    agenda = AgendaEditeurFactory()
    relever_les_creneaux_recus(maintenant=datetime(2026, 4, 10, tzinfo=UTC))
    relever_les_creneaux_recus(maintenant=datetime(2026, 4, 11, tzinfo=UTC))
    agenda.creneaux = []
    agenda.save()
    relever_les_creneaux_recus(maintenant=datetime(2026, 5, 2, tzinfo=UTC))
    for mois in (MOIS, MOIS.suivant):
        mesurer(mois, maintenant=APRES)

    assert mesure("interfaces") == {(None, ""): 1}
    assert mesure("interfaces", MOIS.suivant) == {}


def test_les_latences_d_un_editeur_gardent_leurs_centiles():
    editeur = EditeurFactory()
    for classe, etat, nombre in ((20, "reussi", 90), (60, "delai", 10)):
        AppelsEditeur.objects.create(
            editeur=editeur,
            heure=datetime(2026, 4, 3, 8, tzinfo=UTC),
            etat=etat,
            classe=classe,
            nombre=nombre,
        )
    mesurer(MOIS, maintenant=APRES)

    assert mesure("editeur_appels") == {(None, editeur.code): 100}
    assert mesure("editeur_erreurs") == {(None, editeur.code): 10}
    assert mesure("editeur_latence") == {(None, f"{editeur.code}:20"): 90, (None, f"{editeur.code}:60"): 10}


def test_un_sas_utilise_deux_jours_sur_trois_l_est_au_quotidien():
    """Un territoire qui s’essaie avant d’ouvrir n’en est pas un : il n’y en a jamais plus que de SAS ouverts."""
    chaque_jour, parfois, ferme = (TerritoireFactory(ouvert_date=le) for le in (AVANT, AVANT, APRES.date()))
    for territoire, jours in ((chaque_jour, 20), (parfois, 19), (ferme, 30)):
        for jour in range(1, jours + 1):
            RecherchesDuJour.objects.create(
                jour=date(2026, 4, jour),
                territoire=territoire,
                quoi="nom",
                entree="web",
                suite="0-1",
                nombre=1,
            )
    mesurer(MOIS, maintenant=APRES)

    assert mesure("sas_quotidiens") == {(None, ""): 1}
