"""Ouvrir, modifier, supprimer par les formulaires de la liste."""

import datetime as dt

import pytest

from agenda.actions import prendre_place
from agenda.domaine.recurrence import developper
from agenda.models import Disponibilite, Reservation
from agenda.offre import rafraichir
from sas_platform.socle.intervalles import Intervalle
from tests.agenda.factories import DisponibiliteFactory, ReservationFactory
from tests.agenda.pages.conftest import LUNDI, MAINTENANT, MARDI
from tests.annuaire.factories import LieuExerciceFactory

pytestmark = pytest.mark.django_db

PLAGE = {
    "genre": "plage",
    "capacite": "4",
    "modalites": ["cabinet"],
    "premier_jour": "2026-11-24",
    "heure_debut": "09:00",
    "heure_fin": "12:00",
}
QUINZAINE = Intervalle(MAINTENANT, MAINTENANT + dt.timedelta(days=13))


def debuts(lieu) -> list[str]:
    """Ce qui est ouvert dans la quinzaine, à l’heure du lieu."""
    lignes = Disponibilite.objects.filter(lieu=lieu)
    occurrences = [(d, o) for d in lignes for o in developper(d.regle(lieu.fuseau), QUINZAINE)]
    return sorted(
        f"{o.debut.astimezone(d.regle(lieu.fuseau).fuseau):%d %H:%M}×{d.capacite}" for d, o in occurrences
    )


@pytest.fixture
def au_clavier(client, medecin):
    client.force_login(medecin)
    return client


def test_une_plage_se_saisit_et_l_agenda_s_ouvre_a_son_jour(au_clavier, lieu, adresse):
    reponse = au_clavier.post(adresse("ouvrir"), PLAGE)

    assert reponse.headers["Location"] == f"{adresse('semaine')}?jour=2026-11-24"
    assert debuts(lieu) == ["24 09:00×4"]


def test_plusieurs_jours_matin_et_apres_midi_d_un_seul_geste(au_clavier, lieu, adresse):
    apres_midi = {"heure_debut_2": "14h", "heure_fin_2": "16h30"}
    repetition = {"jours": ["2", "4"], "toutes_les_n_semaines": "2", "dernier_jour": "2026-12-04"}

    au_clavier.post(adresse("ouvrir"), PLAGE | apres_midi | repetition)

    assert debuts(lieu) == ["24 09:00×4", "24 14:00×4", "26 09:00×4", "26 14:00×4"]
    assert {d.toutes_les_n_semaines for d in Disponibilite.objects.all()} == {2}


def test_une_periode_se_decoupe_en_creneaux_egaux(au_clavier, lieu, adresse):
    decoupe = {"genre": "creneau", "capacite": "4", "duree_creneau_min": "20", "heure_fin": "10:00"}

    au_clavier.post(adresse("ouvrir"), PLAGE | decoupe)

    assert debuts(lieu) == ["24 09:00×1", "24 09:20×1", "24 09:40×1"]


@pytest.mark.parametrize(
    ("champs", "champ", "message"),
    [
        pytest.param({"premier_jour": ""}, "premier_jour", "Une date valide", id="sans date"),
        pytest.param({"premier_jour": "2026-11-20"}, "premier_jour", "dans le passé", id="jour passé"),
        pytest.param(
            {"premier_jour": "2026-11-23", "heure_debut": "07:00"},
            "premier_jour",
            "dans le passé",
            id="heure passée",
        ),
        pytest.param(
            {"heure_debut": ""}, "heure_debut", "L’heure de début doit être renseignée", id="sans début"
        ),
        pytest.param({"heure_debut": "huit"}, "heure_debut", "par exemple 9h30", id="heure illisible"),
        pytest.param(
            {"heure_fin": "08:00"}, "heure_fin", "antérieure à l’heure de fin", id="fin avant début"
        ),
        pytest.param({"heure_debut_2": "14:00"}, "heure_fin_2", "Complétez", id="deuxième horaire à moitié"),
        pytest.param(
            {"heure_debut_2": "11:00", "heure_fin_2": "13:00"},
            "heure_debut",
            "se recouvrent",
            id="horaires mêlés",
        ),
        pytest.param({"capacite": "0"}, "capacite", "Nombre de patients incorrect", id="capacité nulle"),
        pytest.param({"capacite": "201"}, "capacite", "Nombre de patients incorrect", id="capacité énorme"),
        pytest.param({"capacite": ""}, "capacite", "Nombre de patients incorrect", id="sans capacité"),
        pytest.param({"modalites": []}, "modalites", "au moins un type", id="sans type de consultation"),
        pytest.param({"modalites": ["piscine"]}, "modalites", "Sélectionnez", id="type inconnu"),
        pytest.param({"genre": ""}, "genre", "Veuillez sélectionner un type", id="sans genre"),
        pytest.param(
            {"genre": "creneau"}, "duree_creneau_min", "5 à 60 minutes", id="créneau de trois heures"
        ),
        pytest.param(
            {"genre": "creneau", "duree_creneau_min": "90"},
            "duree_creneau_min",
            "5 à 60",
            id="découpe trop large",
        ),
        pytest.param(
            {"jours": ["2"], "dernier_jour": "2026-11-01"},
            "dernier_jour",
            "avant d’avoir commencé",
            id="fin de série",
        ),
        pytest.param(
            {"jours": ["2"], "toutes_les_n_semaines": "60"},
            "toutes_les_n_semaines",
            "52 semaines",
            id="rythme",
        ),
        pytest.param({"jours": ["9"]}, "jours", "Sélectionnez", id="jour inconnu"),
        pytest.param(
            {"jours": ["2"], "dernier_jour": "9999-12-31"},
            "dernier_jour",
            "Choisissez une année",
            id="an 9999",
        ),
        pytest.param({"capacite": "2,5"}, "capacite", "incorrect", id="capacité à virgule"),
    ],
)
def test_une_mauvaise_saisie_se_dit_sur_son_champ_et_rien_n_est_ecrit(
    au_clavier, adresse, champs, champ, message
):
    reponse = au_clavier.post(adresse("ouvrir"), PLAGE | champs)

    erreurs = reponse.context["form"].errors[champ]
    assert message in " ".join(erreurs)
    assert len(set(erreurs)) == len(erreurs)
    assert not Disponibilite.objects.exists()


def test_la_serie_commencee_aujourd_hui_n_ouvre_pas_l_heure_deja_passee(au_clavier, lieu, adresse):
    au_clavier.post(
        adresse("ouvrir"), PLAGE | {"premier_jour": "2026-11-23", "heure_debut": "07:00", "jours": ["1"]}
    )

    assert debuts(lieu) == ["30 07:00×4"]


@pytest.mark.parametrize(
    ("saisie", "phrase"),
    [
        pytest.param({}, "Recouvre une disponibilité déjà ouverte ici", id="chevauchement"),
        pytest.param({"premier_jour": "2026-12-25"}, "25 décembre 2026 (Noël)", id="jour férié"),
        pytest.param(
            {"heure_debut": "18:00", "heure_fin": "19:00"}, "déjà disponible ailleurs", id="autre lieu"
        ),
    ],
)
def test_ce_qui_gene_se_dit_puis_passe_si_l_on_confirme(au_clavier, lieu, adresse, saisie, phrase):
    DisponibiliteFactory(lieu=lieu, plage=True, premier_jour=MARDI)
    voisin = LieuExerciceFactory(effecteur=lieu.effecteur)
    DisponibiliteFactory(
        lieu=voisin, plage=True, premier_jour=MARDI, heure_debut=dt.time(18), heure_fin=dt.time(20)
    )

    avertie = au_clavier.post(adresse("ouvrir"), PLAGE | saisie)
    avant = Disponibilite.objects.filter(lieu=lieu).count()
    empreinte = avertie.context["form"]["averti"].value()
    confirmee = au_clavier.post(adresse("ouvrir"), PLAGE | saisie | {"averti": empreinte})

    assert phrase in " ".join(avertie.context["form"].avertissements)
    assert avant == 1
    assert confirmee.status_code == 302
    assert Disponibilite.objects.filter(lieu=lieu).count() == 2


def test_ce_qu_une_decoupe_laisse_ferme_se_dit_puis_passe_si_l_on_confirme(au_clavier, lieu, adresse):
    """De 9 h à midi par 50 minutes : trois créneaux, et une demi-heure que rien n’ouvre."""
    saisie = PLAGE | {"genre": "creneau", "duree_creneau_min": "50"}

    avertie = au_clavier.post(adresse("ouvrir"), saisie)
    phrases = " ".join(avertie.context["form"].avertissements)
    assert "rien n’est ouvert de 11\u00a0h\u00a030 à 12\u00a0h." in phrases
    assert not Disponibilite.objects.exists()

    confirme = avertie.context["form"]["averti"].value()
    au_clavier.post(adresse("ouvrir"), saisie | {"averti": confirme})
    assert debuts(lieu) == ["24 09:00×1", "24 09:50×1", "24 10:40×1"]


def test_une_occurrence_poussee_sur_une_autre_de_sa_serie_se_signale(au_clavier, lieu, adresse, serie):
    url = adresse("modifier", disponibilite_id=serie.pk, jour=MARDI)
    vers_le_lundi = formulaire(au_clavier, url) | {"premier_jour": "2026-11-30"}
    plus_tard = formulaire(au_clavier, url) | {"heure_debut": "10:00"}

    avertie = au_clavier.post(url, vers_le_lundi)
    assert "lundi 30 novembre 2026" in " ".join(avertie.context["form"].avertissements)
    assert au_clavier.post(url, plus_tard).status_code == 302


def test_une_nouvelle_gene_retient_de_nouveau(au_clavier, lieu, adresse):
    DisponibiliteFactory(lieu=lieu, plage=True, premier_jour=MARDI)
    avertie = au_clavier.post(adresse("ouvrir"), PLAGE)
    empreinte = avertie.context["form"]["averti"].value()

    autre = au_clavier.post(adresse("ouvrir"), PLAGE | {"heure_debut": "10:00", "averti": empreinte})

    assert "de 10\u00a0h à 12\u00a0h" in " ".join(autre.context["form"].avertissements)


@pytest.fixture
def serie(lieu):
    """Plage de 9 h à midi pour quatre patients, chaque lundi et mardi."""
    ligne = DisponibiliteFactory(lieu=lieu, plage=True, premier_jour=LUNDI, jours=[1, 2])
    rafraichir([lieu.pk], MAINTENANT)
    return ligne


def formulaire(client, url) -> dict[str, object]:
    """Ce que renverrait la page sans y toucher."""
    form = client.get(url).context["form"]
    donnees = {champ.name: champ.value() for champ in form if champ.value() is not None}
    return {nom: valeur for nom, valeur in donnees.items() if valeur is not False}


@pytest.mark.parametrize(
    ("portee", "attendu"),
    [
        pytest.param(
            "cette", ["23 09:00×4", "24 10:00×4", "30 09:00×4", "01 09:00×4"], id="cette occurrence"
        ),
        pytest.param(
            "suivantes", ["23 09:00×4", "24 10:00×4", "30 10:00×4", "01 10:00×4"], id="les suivantes"
        ),
        pytest.param("toutes", ["23 10:00×4", "24 10:00×4", "30 10:00×4", "01 10:00×4"], id="toutes"),
    ],
)
def test_le_changement_va_jusqu_ou_on_le_dit(au_clavier, lieu, adresse, serie, portee, attendu):
    url = adresse("modifier", disponibilite_id=serie.pk, jour=MARDI)

    reponse = au_clavier.post(url, formulaire(au_clavier, url) | {"portee": portee, "heure_debut": "10:00"})

    assert reponse.status_code == 302
    assert debuts(lieu) == sorted(attendu)


@pytest.mark.parametrize(
    ("portee", "attendu"),
    [
        pytest.param("cette", ["01 09:00×4", "23 09:00×4", "30 09:00×4"], id="cette occurrence"),
        pytest.param("suivantes", ["23 09:00×4"], id="les suivantes"),
        pytest.param("toutes", [], id="toutes"),
    ],
)
def test_la_suppression_va_jusqu_ou_on_le_dit(au_clavier, lieu, adresse, serie, portee, attendu):
    url = adresse("retirer", disponibilite_id=serie.pk, jour=MARDI)

    au_clavier.post(url, {"portee": portee, "vue_le": serie.modifie_le.isoformat()})

    assert debuts(lieu) == attendu


def test_une_disponibilite_unique_peut_devenir_une_serie(au_clavier, lieu, adresse):
    ligne = DisponibiliteFactory(lieu=lieu, plage=True, premier_jour=MARDI)
    url = adresse("modifier", disponibilite_id=ligne.pk, jour=MARDI)

    au_clavier.post(url, formulaire(au_clavier, url) | {"jours": ["2"], "dernier_jour": "2026-12-03"})

    assert debuts(lieu) == ["01 09:00×4", "24 09:00×4"]


def test_deux_fenetres_la_seconde_apprend_ce_qui_a_change_et_ne_perd_rien(au_clavier, lieu, adresse, serie):
    url = adresse("modifier", disponibilite_id=serie.pk, jour=MARDI)
    premiere = formulaire(au_clavier, url) | {"portee": "toutes", "capacite": "8"}
    seconde = formulaire(au_clavier, url) | {"portee": "cette", "heure_debut": "11:00"}
    Disponibilite.objects.filter(pk=serie.pk).update(
        capacite=8, modifie_le=MAINTENANT + dt.timedelta(seconds=1)
    )

    retenue = au_clavier.post(url, seconde)
    assert premiere["vue_le"] == seconde["vue_le"]
    assert "L’agenda a changé pendant votre saisie" in retenue.content.decode()
    assert "8\n" in retenue.content.decode() or "8 " in retenue.content.decode()
    assert retenue.context["form"]["heure_debut"].value() == "11:00"
    assert len(debuts(lieu)) == 4

    reprise = au_clavier.post(url, seconde | {"vue_le": retenue.context["form"]["vue_le"].value()})
    assert reprise.status_code == 302
    assert "24 11:00×4" in debuts(lieu)


@pytest.mark.parametrize("portee", ["cette", "suivantes", "toutes"])
def test_la_seconde_fenetre_apprend_le_changement_avant_toute_mise_en_garde(
    au_clavier, lieu, adresse, serie, portee, heure_fixe
):
    """Ce que la première vient d’ouvrir n’est pas un simple chevauchement : c’est ce qui a changé."""
    url = adresse("modifier", disponibilite_id=serie.pk, jour=MARDI)
    premiere = formulaire(au_clavier, url) | {"portee": portee, "capacite": "8"}
    seconde = formulaire(au_clavier, url) | {"portee": "cette", "heure_debut": "11:00"}
    heure_fixe.shift(dt.timedelta(seconds=1))
    assert au_clavier.post(url, premiere).status_code == 302
    apres_la_premiere = debuts(lieu)

    retenue = au_clavier.post(url, seconde)

    page = retenue.content.decode()
    assert "L’agenda a changé pendant votre saisie" in page
    assert "Modification, par" in page
    assert "plage pour 8\u00a0patients" in page
    assert not retenue.context["form"].avertissements
    assert retenue.context["form"]["heure_debut"].value() == "11:00"
    assert debuts(lieu) == apres_la_premiere


def test_l_occurrence_supprimee_entre_temps_peut_se_rouvrir_avec_ce_qui_est_tape(
    au_clavier, lieu, adresse, serie
):
    url = adresse("modifier", disponibilite_id=serie.pk, jour=MARDI)
    saisie = formulaire(au_clavier, url) | {"heure_debut": "11:00"}
    au_clavier.post(
        adresse("retirer", disponibilite_id=serie.pk, jour=MARDI),
        {"portee": "cette", "vue_le": serie.modifie_le.isoformat()},
    )

    retenue = au_clavier.post(url, saisie)
    page = retenue.content.decode()
    assert "Cette occurrence n’existe plus" in page
    assert f'action="{adresse("ouvrir")}"' in page
    assert "Suppression" in page

    au_clavier.post(adresse("ouvrir"), saisie | {"jours": []})
    assert "24 11:00×4" in debuts(lieu)


def test_une_occurrence_tenue_ne_se_deplace_qu_apres_avoir_prevenu(au_clavier, lieu, adresse, serie):
    debut = dt.datetime(2026, 11, 24, 8, tzinfo=dt.UTC)
    place = ReservationFactory(disponibilite=serie, debut=debut, fin=debut + dt.timedelta(hours=3))
    url = adresse("modifier", disponibilite_id=serie.pk, jour=MARDI)
    saisie = formulaire(au_clavier, url) | {"heure_debut": "10:00"}

    verrouillee = au_clavier.post(url, saisie)
    assert "1 patient y est déjà orienté" in verrouillee.content.decode()
    assert "J’ai prévenu la régulation" in verrouillee.content.decode()
    assert "24 09:00×4" in debuts(lieu)

    au_clavier.post(url, saisie | {"prevenue": "on"})
    assert Reservation.objects.get(pk=place.pk).debut == dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC)
    assert "24 10:00×4" in debuts(lieu)


def test_une_occurrence_tenue_ne_se_supprime_pas(au_clavier, lieu, adresse, serie):
    debut = dt.datetime(2026, 11, 24, 8, tzinfo=dt.UTC)
    prendre_place(creneau_id=f"d{serie.pk}-{int(debut.timestamp()) // 60}", maintenant=MAINTENANT)

    reponse = au_clavier.post(
        adresse("retirer", disponibilite_id=serie.pk, jour=MARDI),
        {"portee": "cette", "vue_le": serie.modifie_le.isoformat()},
    )

    assert "verrouillée" in " ".join(reponse.context["form"].non_field_errors())
    assert "24 09:00×4" in debuts(lieu)


@pytest.mark.parametrize(
    ("vers", "attendu"),
    [
        pytest.param(
            {"premier_jour": "2026-11-25", "heure_debut": "14:00", "heure_fin": "17:00", "portee": "cette"},
            ["01 09:00×4", "23 09:00×4", "25 14:00×4", "30 09:00×4"],
            id="une occurrence, un autre jour",
        ),
        pytest.param(
            {"premier_jour": "2026-11-25", "heure_debut": "09:00", "heure_fin": "12:00", "portee": "toutes"},
            ["02 09:00×4", "23 09:00×4", "25 09:00×4", "30 09:00×4"],
            id="toute la série : le mardi devient mercredi",
        ),
        pytest.param(
            {
                "premier_jour": "2026-11-24",
                "heure_debut": "09:00",
                "heure_fin": "13:00",
                "portee": "suivantes",
            },
            ["01 09:00×4", "23 09:00×4", "24 09:00×4", "30 09:00×4"],
            id="allongée, et les suivantes",
        ),
    ],
)
def test_un_glisser_du_calendrier_suit_le_meme_chemin(au_clavier, lieu, adresse, serie, vers, attendu):
    url = adresse("deplacer", disponibilite_id=serie.pk, jour=MARDI)

    au_clavier.post(url, vers | {"vue_le": serie.modifie_le.isoformat()})

    assert debuts(lieu) == sorted(attendu)


def test_un_glisser_sur_une_occurrence_tenue_mene_a_la_page_qui_verrouille(au_clavier, lieu, adresse, serie):
    debut = dt.datetime(2026, 11, 24, 8, tzinfo=dt.UTC)
    ReservationFactory(disponibilite=serie, debut=debut, fin=debut + dt.timedelta(hours=3))

    reponse = au_clavier.post(
        adresse("deplacer", disponibilite_id=serie.pk, jour=MARDI),
        {
            "premier_jour": "2026-11-24",
            "heure_debut": "15:00",
            "heure_fin": "18:00",
            "portee": "cette",
            "vue_le": serie.modifie_le.isoformat(),
        },
    )

    assert "Cette occurrence est verrouillée" in reponse.content.decode()
    assert f"{reponse.context['form']['heure_debut'].value():%H:%M}" == "15:00"
    assert "24 09:00×4" in debuts(lieu)


@pytest.mark.parametrize("jour", ["2026-13-01", "demain", "2026-11-25", "9999-12-31", "0001-01-01"])
def test_un_jour_sans_occurrence_n_a_pas_de_page(au_clavier, adresse, serie, jour):
    assert au_clavier.get(adresse("modifier", disponibilite_id=serie.pk, jour=jour)).status_code == 404
    assert au_clavier.get(adresse("retirer", disponibilite_id=serie.pk, jour=jour)).status_code == 404
