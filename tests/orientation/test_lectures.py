import json
import random
from datetime import UTC, date, datetime, time, timedelta
from math import asin, cos, radians, sin, sqrt

import msgspec
import pytest
from psycopg._queries import MAX_CACHED_STATEMENT_LENGTH

from agenda.models import OffreLieu
from agenda.offre import rafraichir, rafraichir_perimees
from annuaire.enums import TypeStructure
from annuaire.models import LieuExercice, Specialite
from orientation.lectures import Criteres, instruction, offre_du_lieu, page_json, rechercher
from tests.agenda.factories import (
    AgendaEditeurFactory,
    DisponibiliteFactory,
    IndisponibiliteFactory,
    LotFactory,
    RaccordementFactory,
)
from tests.annuaire.factories import (
    CommuneFactory,
    EffecteurFactory,
    LieuExerciceFactory,
    SpecialiteFactory,
    StructureFactory,
)
from tests.participation.factories import ParticipationFactory

pytestmark = pytest.mark.django_db
MATIN = datetime(2026, 11, 2, 7, tzinfo=UTC)  # lundi, 8 h à Paris
LILLE = {"lat": 50.6365, "lon": 3.0635}


@pytest.fixture
def generaliste() -> Specialite:
    return SpecialiteFactory()


def criteres(specialite: Specialite, **champs) -> Criteres:
    return Criteres(**({"rayon_km": 10, "specialite_ids": (specialite.pk,)} | LILLE | champs))


def ouvert(de: time, *, participe: bool = True, **lieu):
    """Un lieu avec un créneau ce jour-là."""
    lieu = LieuExerciceFactory(**lieu)
    DisponibiliteFactory(lieu=lieu, heure_debut=de, heure_fin=time(de.hour, de.minute + 15))
    if participe:
        ParticipationFactory(effecteur=lieu.effecteur)
    return lieu


def projeter() -> None:
    rafraichir(list(LieuExercice.objects.values_list("pk", flat=True)), MATIN)


def test_l_ordre_est_groupe_puis_premier_creneau_puis_distance(generaliste):
    loin, pres = {"lat": 50.66, "lon": 3.0635}, {"lat": 50.638, "lon": 3.0635}
    tard = ouvert(time(11), **pres)
    tot_loin = ouvert(time(9), **loin)
    tot_pres = ouvert(time(9), **pres)
    non_participant = ouvert(time(8, 30), participe=False, **pres)
    en_sus = LieuExerciceFactory(**loin)
    ParticipationFactory(effecteur=en_sus.effecteur)
    autre = LieuExerciceFactory(**pres)
    projeter()

    resultats = rechercher(criteres(generaliste), maintenant=MATIN)

    attendus = [tot_pres, tot_loin, tard, non_participant, en_sus, autre]
    assert [o.id for o in resultats.offres] == [f"l{lieu.pk}" for lieu in attendus]
    assert [o.groupe for o in resultats.offres] == [1, 1, 1, 2, 3, 4]
    assert (resultats.total, resultats.libres, resultats.hors) == (6, 4, 2)
    assert resultats.offres[0].raison_du_rang == (
        "Participe au SAS · libre aujourd’hui à 9\u00a0h · à 170\u00a0m"
    )


def test_l_ordre_est_celui_de_toute_la_zone_page_apres_page(generaliste):
    autre = LieuExerciceFactory()
    en_sus = LieuExerciceFactory()
    ParticipationFactory(effecteur=en_sus.effecteur)
    non_participant = ouvert(time(8, 30), participe=False)
    participant = ouvert(time(11))
    projeter()

    pages = [rechercher(criteres(generaliste), maintenant=MATIN, page=n, par_page=1) for n in (1, 2, 3, 4)]

    attendus = [participant, non_participant, en_sus, autre]
    assert [page.offres[0].id for page in pages] == [f"l{lieu.pk}" for lieu in attendus]


def test_deux_plages_en_cours_sont_libres_maintenant_et_se_departagent_a_la_distance(generaliste):
    commencee_tot = LieuExerciceFactory(lat=50.66, lon=3.0635)
    commencee_tard = LieuExerciceFactory(lat=50.638, lon=3.0635)
    DisponibiliteFactory(lieu=commencee_tot, plage=True, heure_debut=time(7))
    DisponibiliteFactory(lieu=commencee_tard, plage=True, heure_debut=time(7, 30))
    projeter()

    resultats = rechercher(criteres(generaliste), maintenant=MATIN)

    assert [o.id for o in resultats.offres] == [f"l{lieu.pk}" for lieu in (commencee_tard, commencee_tot)]
    assert "libre dès maintenant" in resultats.offres[0].raison_du_rang


@pytest.mark.parametrize(("liste", "groupes"), [("libres", [1]), ("hors", [4]), ("toutes", [1, 4])])
def test_la_liste_demandee_a_son_total(generaliste, liste, groupes):
    ouvert(time(9))
    LieuExerciceFactory()
    projeter()

    resultats = rechercher(criteres(generaliste, disponibilite=liste), maintenant=MATIN)

    assert [o.groupe for o in resultats.offres] == groupes
    assert (resultats.total, resultats.libres, resultats.hors) == (len(groupes), 1, 1)


def test_les_pages_se_suivent_sans_manque_ni_doublon(generaliste):
    for minute in range(0, 45, 5):
        ouvert(time(9, minute))
    projeter()

    pages = [rechercher(criteres(generaliste), maintenant=MATIN, page=n, par_page=4) for n in (1, 2, 3, 9)]

    vus = [o.id for page in pages[:3] for o in page.offres]
    assert len(vus) == len(set(vus)) == 9
    assert {page.total for page in pages} == {9}
    assert [len(page.offres) for page in pages] == [4, 4, 1, 1]
    assert pages[3].page == 3  # au-delà de la dernière, la dernière


def test_une_zone_vide_rend_zero(generaliste):
    resultats = rechercher(criteres(generaliste), maintenant=MATIN)

    assert (resultats.total, resultats.offres, resultats.pages) == (0, [], 1)


def test_le_creneau_passe_depuis_le_dernier_balayage_n_est_plus_compte(generaliste):
    lieu = ouvert(time(9))
    DisponibiliteFactory(lieu=lieu, heure_debut=time(10), heure_fin=time(10, 15))
    projeter()

    apres = rechercher(criteres(generaliste), maintenant=MATIN + timedelta(hours=1))
    bien_apres = rechercher(criteres(generaliste), maintenant=MATIN + timedelta(hours=2))

    assert [c.debut.hour for c in apres.offres[0].creneaux] == [10]
    assert (apres.libres, bien_apres.libres) == (1, 0)


def test_la_fenetre_exclut_le_troisieme_minuit_a_l_heure_du_lieu(generaliste):
    dernier = DisponibiliteFactory(
        premier_jour=date(2026, 11, 4), heure_debut=time(23, 30), heure_fin=time(23, 45)
    )
    trop_tard = DisponibiliteFactory(
        premier_jour=date(2026, 11, 5), heure_debut=time(0, 0), heure_fin=time(0, 15)
    )
    projeter()

    resultats = rechercher(criteres(generaliste, disponibilite="libres"), maintenant=MATIN)

    assert [o.id for o in resultats.offres] == [f"l{dernier.lieu_id}"]
    assert trop_tard.lieu_id != dernier.lieu_id


def test_outre_mer_les_heures_sont_celles_du_lieu(generaliste):
    lieu = LieuExerciceFactory(reunion=True)
    DisponibiliteFactory(lieu=lieu, heure_debut=time(14), heure_fin=time(14, 20))
    projeter()

    resultats = rechercher(criteres(generaliste, lat=-20.88, lon=55.45), maintenant=MATIN)

    (creneau,) = resultats.offres[0].creneaux
    assert creneau.debut.isoformat() == "2026-11-02T14:00:00+04:00"


def test_un_type_de_consultation_demande_ne_garde_que_ses_creneaux(generaliste):
    lieu = ouvert(time(9))
    DisponibiliteFactory(
        lieu=lieu, modalites=["teleconsultation"], heure_debut=time(10), heure_fin=time(10, 15)
    )
    ouvert(time(8, 30))
    projeter()

    resultats = rechercher(criteres(generaliste, modalites=("teleconsultation",)), maintenant=MATIN)

    assert (resultats.total, resultats.libres, resultats.hors) == (1, 1, 0)
    assert [c.debut.hour for c in resultats.offres[0].creneaux] == [10]


def test_un_creneau_d_editeur_dit_d_ou_il_vient_et_son_age(generaliste):
    lot = LotFactory(lu=True)
    lieu = LieuExerciceFactory()
    raccordement = RaccordementFactory(effecteur=lieu.effecteur, lot=lot)
    neuf_heures = int(datetime(2026, 11, 2, 8, tzinfo=UTC).timestamp()) // 60
    AgendaEditeurFactory(
        lieu=lieu,
        raccordement=raccordement,
        creneaux=[
            {
                "i": "x",
                "d": neuf_heures,
                "f": neuf_heures + 15,
                "m": ["cabinet", "teleconsultation"],
                "v": ["PUBLIC"],
                "l": f"https://{lot.editeur.hotes_reservation[0]}/?a=1",
            }
        ],
    )
    projeter()

    resultats = rechercher(criteres(generaliste), maintenant=MATIN + timedelta(minutes=4))

    (creneau,) = resultats.offres[0].creneaux
    assert (creneau.source, creneau.editeur, creneau.age_s) == ("editeur", lot.editeur.nom, 240)
    assert creneau.modalites == ("cabinet", "teleconsultation")
    assert creneau.lien == f"https://{lot.editeur.hotes_reservation[0]}/?a=1&origin=sas"


@pytest.mark.parametrize(
    ("apres_s", "montre", "ancien"),
    [
        pytest.param(600, True, False, id="à la limite"),
        pytest.param(601, True, True, id="ancien"),
        pytest.param(1800, True, True, id="à la péremption"),
        pytest.param(1801, False, False, id="périmé, même si le balayage tarde"),
    ],
)
def test_une_lecture_trop_vieille_est_dite_ancienne_puis_n_est_plus_montree(
    generaliste, apres_s, montre, ancien
):
    lieu = LieuExerciceFactory()
    lot = LotFactory(lu=True, editeur__grise_s=600, editeur__peremption_s=1800)
    AgendaEditeurFactory(lieu=lieu, raccordement=RaccordementFactory(effecteur=lieu.effecteur, lot=lot))
    DisponibiliteFactory(lieu=lieu, heure_debut=time(11), heure_fin=time(11, 20))
    projeter()
    instant = MATIN + timedelta(seconds=apres_s)

    page = rechercher(criteres(generaliste), maintenant=instant).offres[0].creneaux
    api = json.loads(page_json(criteres(generaliste), maintenant=instant).contenu)["offres"][0]["creneaux"]

    assert [c.source for c in page] == ["editeur"] * montre + ["agenda_sas"]
    assert [c.est_ancien for c in page] == [ancien] * montre + [False]
    assert [c.get("est_ancien", False) for c in api] == [c.est_ancien for c in page]


def test_un_editeur_qui_change_ses_limites_change_ce_que_disent_ses_cartes(generaliste):
    lieu = LieuExerciceFactory()
    lot = LotFactory(lu=True)
    AgendaEditeurFactory(lieu=lieu, raccordement=RaccordementFactory(effecteur=lieu.effecteur, lot=lot))
    projeter()

    lot.editeur.grise_s = 60
    lot.editeur.save()
    rafraichir_perimees(MATIN)

    (creneau,) = rechercher(criteres(generaliste), maintenant=MATIN + timedelta(minutes=2)).offres[0].creneaux
    assert creneau.est_ancien


@pytest.mark.parametrize(
    "saisie", ["Zoé Lefèvre-d’Arcy", "lefevre d arcy", "LEFEVRE D ARCY zoé", "lefebre d arcy"]
)
def test_on_trouve_par_le_nom_sans_accent_ni_faute(generaliste, saisie):
    cherche = LieuExerciceFactory(
        effecteur=EffecteurFactory(nom="LEFÈVRE-D’ARCY", prenom="Zoé", savoir_faire=["SM54"])
    )
    LieuExerciceFactory()
    projeter()

    resultats = rechercher(Criteres(**LILLE, rayon_km=10, noms=saisie), maintenant=MATIN)

    assert [o.id for o in resultats.offres] == [f"l{cherche.pk}"]


def test_qui_ferme_trois_jours_ne_se_trouve_plus_qu_en_le_nommant(generaliste):
    """metier.md S-33 ; ce que promet la page où l’on déclare une indisponibilité."""
    cpts = StructureFactory(type=TypeStructure.CPTS)
    absent, present = (LieuExerciceFactory(effecteur__nom=nom) for nom in ("ABSENTIN", "PRESENTIN"))
    for lieu in (absent, present):
        participation = ParticipationFactory(effecteur=lieu.effecteur, modalite="cpts", structure=cpts)
        participation.lieux.add(lieu)
    conge = (MATIN + timedelta(hours=1), MATIN + timedelta(days=9))
    IndisponibiliteFactory(lieu=absent, periode=conge)
    projeter()

    def trouves(maintenant=MATIN + timedelta(hours=2), **champs) -> set[str]:
        seul = {} if champs.keys() & {"noms", "cpts_id"} else {"specialite_ids": (generaliste.pk,)}
        lus = rechercher(Criteres(**LILLE, rayon_km=10, **seul, **champs), maintenant=maintenant)
        return {offre.effecteur.nom for offre in lus.offres}

    assert trouves() == trouves(cpts_id=cpts.pk) == trouves(disponibilite="en_sus") == {"PRESENTIN"}
    assert trouves(noms="absentin") == {"ABSENTIN"}
    assert trouves(medecin_traitant=(absent.effecteur_id,)) == {"ABSENTIN", "PRESENTIN"}
    assert (
        trouves(maintenant=MATIN)
        == trouves(maintenant=conge[1] - timedelta(days=2))
        == {"ABSENTIN", "PRESENTIN"}
    )


def test_on_trouve_une_structure_par_son_nom_ou_son_type():
    type_cds = SpecialiteFactory(centre_de_sante=True)
    centre = StructureFactory(nom="Centre de santé des Dondaines")
    lieu = LieuExerciceFactory(effecteur=None, structure=centre)
    projeter()

    par_nom = rechercher(Criteres(**LILLE, rayon_km=10, noms="dondaines"), maintenant=MATIN)
    par_type = rechercher(criteres(type_cds), maintenant=MATIN)

    assert [o.id for o in par_nom.offres] == [o.id for o in par_type.offres] == [f"l{lieu.pk}"]
    assert par_nom.offres[0].structure.nom == "Centre de santé des Dondaines"


def haversine(lat1, lon1, lat2, lon2) -> float:
    a, b, c, d = map(radians, (lat1, lon1, lat2, lon2))
    corde = sin((c - a) / 2) ** 2 + cos(a) * cos(c) * sin((d - b) / 2) ** 2
    return 2 * 6371.0 * asin(sqrt(corde))


@pytest.mark.parametrize("graine", range(4))
def test_le_resultat_est_celui_d_un_parcours_exhaustif(generaliste, graine):
    """Oracle indépendant : distance sphérique et tri en Python, sur des offres tirées au hasard."""
    hasard = random.Random(graine)
    minute = int(MATIN.timestamp()) // 60
    commune = CommuneFactory()
    lieux = []
    for _ in range(60):
        lieu = LieuExerciceFactory(
            commune=commune, lat=50.6 + hasard.uniform(-0.6, 0.6), lon=3.0 + hasard.uniform(-0.9, 0.9)
        )
        debut = hasard.choice([None, minute + 15 * hasard.randint(1, 8)])
        offre = OffreLieu.objects.create(
            lieu=lieu,
            specialite=generaliste,
            position=(lieu.lon, lieu.lat),
            fuseau=0,
            participe=hasard.random() < 0.5,
            en_sus=hasard.random() < 0.5,
            premier_debut=debut,
            premier_fin=debut,
        )
        lieux.append((lieu, offre))
    rafraichir([lieu.pk for lieu, _ in lieux], MATIN)  # écrit les cartes…
    for _, offre in lieux:
        offre.save()  # … et garde les offres tirées
    centre = (50.6 + hasard.uniform(-0.2, 0.2), 3.0)
    rayon = hasard.choice([5, 20, 50])

    resultats = rechercher(
        Criteres(lat=centre[0], lon=centre[1], rayon_km=rayon, specialite_ids=(generaliste.pk,)),
        maintenant=MATIN,
        par_page=100,
    )

    attendus = []
    for lieu, offre in lieux:
        km = haversine(*centre, lieu.lat, lieu.lon)
        libre = offre.premier_debut is not None
        groupe = (1 if offre.participe else 2) if libre else (3 if offre.en_sus else 4)
        if km <= rayon:
            attendus.append((groupe, offre.premier_debut or 0, km, f"l{lieu.pk}"))
    assert [o.id for o in resultats.offres] == [identifiant for *_, identifiant in sorted(attendus)]
    for obtenue, (_, _, km, _) in zip(resultats.offres, sorted(attendus), strict=True):
        assert obtenue.distance_km == pytest.approx(km, rel=2e-3, abs=0.01)


def test_une_page_coute_une_requete(generaliste, compter_requetes):
    ouvert(time(9))
    projeter()
    pour_une = compter_requetes(lambda: rechercher(criteres(generaliste), maintenant=MATIN))
    for minute in range(0, 40, 5):
        ouvert(time(9, minute))
    projeter()

    assert compter_requetes(lambda: rechercher(criteres(generaliste), maintenant=MATIN)) == pour_une == 1


def test_un_lieu_qui_repond_a_deux_specialites_cherchees_n_est_montre_qu_une_fois(generaliste):
    proche = SpecialiteFactory(code="PROCHE", savoir_faire=generaliste.savoir_faire)
    lieu = ouvert(time(9))
    projeter()

    deux = Criteres(**LILLE, rayon_km=10, specialite_ids=(generaliste.pk, proche.pk))

    assert OffreLieu.objects.filter(lieu=lieu).count() == 2
    assert rechercher(deux, maintenant=MATIN).total == 1


def test_sans_specialite_ni_nom_rien_ne_repond(generaliste):
    ouvert(time(9))
    projeter()

    assert rechercher(criteres(generaliste, specialite_ids=()), maintenant=MATIN).total == 0


def test_la_reponse_de_l_api_a_la_forme_promise(generaliste):
    ouvert(time(9))
    projeter()

    reponse = json.loads(page_json(criteres(generaliste), maintenant=MATIN).contenu)

    (offre,) = reponse["offres"]
    assert (reponse["total"], reponse["page"], reponse["rayon_km"]) == (1, 1, 10)
    assert offre["effecteur"]["identifiant_national"].startswith("8")
    assert {"id", "adresse", "commune_insee", "lat", "lon", "fuseau", "telephone"} <= offre["lieu"].keys()
    (creneau,) = offre["creneaux"]
    assert creneau["debut"] == "2026-11-02T09:00:00+01:00"
    assert (creneau["source"], creneau["capacite"], creneau["prises"]) == ("agenda_sas", 1, 0)


# Ce qui ressemble aux coupures que `page_json` fait dans un document.
PIEGE = '"creneaux":[{"id":"},{"id":"\\'


@pytest.mark.parametrize("modalites", [(), ("cabinet",)], ids=["toutes", "une modalité"])
def test_l_api_et_la_page_disent_la_meme_chose(generaliste, modalites):
    deux_sources = ouvert(time(9), participe=False, nom=PIEGE, informations_complementaires=PIEGE)
    DisponibiliteFactory(lieu=deux_sources, modalites=["domicile"], heure_debut=time(11), heure_fin=time(12))
    agenda = AgendaEditeurFactory(lieu=deux_sources, noms_cpts={"590000009": PIEGE})
    agenda.creneaux = [agenda.creneaux[0] | {"c": ["590000009"]}]
    agenda.save()
    agenda.raccordement.editeur.nom = PIEGE[:40]
    agenda.raccordement.editeur.save()
    LieuExerciceFactory(effecteur=EffecteurFactory(nom=PIEGE[:60]))
    LieuExerciceFactory(effecteur=None, structure=StructureFactory(nom="L’« Étoile »"))
    projeter()
    demande = criteres(generaliste, modalites=modalites)

    page = rechercher(demande, maintenant=MATIN)
    api = json.loads(page_json(demande, maintenant=MATIN).contenu)

    assert len(api["offres"][0]["creneaux"]) == 3 - len(modalites)
    assert [c["age_s"] for c in api["offres"][0]["creneaux"]] == [c.age_s for c in page.offres[0].creneaux]
    attendues = json.loads(msgspec.json.encode(page.offres))
    for offre in attendues:
        for creneau in offre["creneaux"]:
            creneau.setdefault("age_s", None)
    assert api["offres"] == attendues


def test_l_offre_d_un_seul_lieu(generaliste):
    lieu = ouvert(time(9))
    projeter()

    assert [c.debut.hour for c in offre_du_lieu(lieu.pk, maintenant=MATIN).creneaux] == [9]
    OffreLieu.objects.all().delete()
    assert offre_du_lieu(lieu.pk, maintenant=MATIN) is None


@pytest.mark.parametrize("zone", [{}, {"departement": "59"}])
def test_psycopg_n_analyse_qu_une_fois_l_instruction_courante(generaliste, zone):
    """Au-delà de cette longueur, il la relit signe à signe à chaque recherche."""
    assert len(instruction(criteres(generaliste, **zone))) <= MAX_CACHED_STATEMENT_LENGTH
