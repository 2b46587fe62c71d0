"""Les trois étapes, sur un créneau, sur une plage et hors disponibilité."""

import re
from datetime import UTC, datetime, time
from unittest.mock import patch

import pytest
import time_machine
from django.db import OperationalError
from django.urls import reverse

from agenda.models import Disponibilite, Reservation
from agenda.offre import rafraichir
from comptes.enums import Role
from comptes.models import Trace
from orientation.actions import orienter
from orientation.models import Orientation
from participation.enums import Modalite
from participation.models import Participation
from tests.agenda.factories import DisponibiliteFactory, IndisponibiliteFactory
from tests.annuaire.factories import LieuExerciceFactory, StructureFactory
from tests.comptes.factories import CompteFactory
from tests.orientation.conftest import identifiant, identifiants, projeter
from tests.participation.factories import ParticipationFactory

pytestmark = pytest.mark.django_db
ORIENTENT = {Role.OSNP, Role.REGULATEUR, Role.IOA}


def url(disponibilite, jeton: str = "") -> str:
    chemin = reverse("orientation:orienter", kwargs={"creneau_id": identifiant(disponibilite)})
    return f"{chemin}?recherche={jeton}" if jeton else chemin


def champs(reponse) -> dict[str, str]:
    """Les champs cachés de la page, tels qu’un navigateur les renverrait."""
    html = reponse.content.decode()
    html = html[html.index("<main") : html.index("</main>")]
    trouves = re.findall(r'<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?', html)
    return {nom: valeur for nom, valeur in trouves if nom != "csrfmiddlewaretoken"}


def jusqu_a_la_confirmation(client, chemin: str, **saisis: str):
    return client.post(chemin, champs(client.get(chemin)) | saisis)


# --- Créneau et plage -------------------------------------------------------


@pytest.mark.parametrize("role", Role)
def test_l_orientation_s_ouvre_selon_le_role(client, creneau, role):
    client.force_login(CompteFactory(role=role))

    assert client.get(url(creneau)).status_code == (200 if role in ORIENTENT else 404)
    assert client.post(url(creneau)).status_code == (200 if role in ORIENTENT else 404)
    assert not Orientation.objects.exists()


def test_trois_etapes_prennent_la_place(connecte, osnp, creneau):
    chemin = url(creneau)
    saisie = connecte.get(chemin)
    confirmation = connecte.post(chemin, champs(saisie))
    assert not Orientation.objects.exists()

    notification = connecte.post(chemin, champs(confirmation), follow=True)

    orientation = Orientation.objects.get()
    assert (orientation.acteur, orientation.lieu) == (osnp, creneau.lieu)
    assert "Étape 1 sur 3" in saisie.content.decode()
    assert "Vous adressez un patient à" in confirmation.content.decode()
    assert "Vous avez adressé un patient le lundi 2 novembre 2026 à 9\u00a0h à Camille MARTIN" in (
        notification.content.decode()
    )
    assert identifiants(creneau.lieu_id) == []


def test_la_saisie_d_une_plage_montre_son_compteur(connecte, plage):
    html = connecte.get(url(plage)).content.decode()

    assert "14\u00a0h – 17\u00a0h" in html
    assert "0 / 3" in html


def test_un_double_clic_n_enregistre_qu_une_orientation(connecte, plage):
    chemin = url(plage)
    donnees = champs(jusqu_a_la_confirmation(connecte, chemin))

    premiere, seconde = connecte.post(chemin, donnees), connecte.post(chemin, donnees)

    assert premiere.headers["Location"] == seconde.headers["Location"]
    assert Orientation.objects.count() == Reservation.objects.count() == 1


@pytest.mark.parametrize("renvoyer", [False, True], ids=["rechargée", "renvoyée"])
def test_revenir_en_arriere_apres_la_notification_rappelle_l_orientation_faite(connecte, creneau, renvoyer):
    """La place n’est plus libre : l’on y a soi-même adressé un patient."""
    chemin = url(creneau)
    saisie = champs(connecte.get(chemin))
    faite = connecte.post(chemin, champs(connecte.post(chemin, saisie))).headers["Location"]

    page = (connecte.post(chemin, saisie) if renvoyer else connecte.get(chemin)).content.decode()

    assert f'href="{faite}"' in page
    assert "Aucune orientation n’a été enregistrée" not in page


def test_un_double_clic_sur_la_derniere_place_rend_la_meme_notification(connecte, creneau):
    chemin = url(creneau)
    donnees = champs(jusqu_a_la_confirmation(connecte, chemin))

    premiere, seconde = connecte.post(chemin, donnees), connecte.post(chemin, donnees)

    assert seconde.status_code == 302
    assert premiere.headers["Location"] == seconde.headers["Location"]


def test_une_place_prise_entre_temps_donne_un_409_et_des_alternatives(connecte, jeton, creneau, maintenant):
    voisin = LieuExerciceFactory()
    DisponibiliteFactory(lieu=voisin, heure_debut=time(11), heure_fin=time(11, 20))
    DisponibiliteFactory(lieu=creneau.lieu, heure_debut=time(10), heure_fin=time(10, 20))
    projeter(voisin, creneau.lieu)
    chemin = url(creneau, jeton)
    donnees = champs(jusqu_a_la_confirmation(connecte, chemin))
    orienter(
        acteur=CompteFactory(role=Role.OSNP), cle="x", creneau_id=identifiant(creneau), maintenant=maintenant
    )
    traces = Trace.objects.count()

    reponse = connecte.post(chemin, donnees)

    html = reponse.content.decode()
    assert reponse.status_code == 409
    assert "vient d’être prise" in html
    assert html.index("Autres créneaux du même lieu") < html.index("10\u00a0h – 10\u00a0h\u00a020")
    assert html.index("Offres suivantes de votre recherche") < html.index("11\u00a0h – 11\u00a0h\u00a020")
    assert Orientation.objects.count() == 1
    assert Trace.objects.count() == traces


def test_une_place_prise_pendant_la_saisie_se_voit_a_la_confirmation(connecte, creneau, maintenant):
    chemin = url(creneau)
    donnees = champs(connecte.get(chemin))
    orienter(
        acteur=CompteFactory(role=Role.OSNP), cle="x", creneau_id=identifiant(creneau), maintenant=maintenant
    )

    reponse = connecte.post(chemin, donnees)

    assert reponse.status_code == 409
    assert "Cette place vient d’être prise." in reponse.content.decode()


def test_un_creneau_parti_propose_les_autres_du_lieu(connecte, creneau, maintenant):
    chemin = url(creneau)
    DisponibiliteFactory(lieu=creneau.lieu, heure_debut=time(10), heure_fin=time(10, 20))
    Disponibilite.objects.filter(pk=creneau.pk).update(sauf=[creneau.premier_jour])
    rafraichir([creneau.lieu_id], maintenant)

    reponse = connecte.get(chemin)

    assert reponse.status_code == 409
    assert "10\u00a0h – 10\u00a0h\u00a020" in reponse.content.decode()


def test_la_confirmation_dit_ce_qui_a_change_depuis_l_affichage(connecte, plage, maintenant):
    chemin = url(plage)
    donnees = champs(connecte.get(chemin))
    orienter(
        acteur=CompteFactory(role=Role.OSNP), cle="x", creneau_id=identifiant(plage), maintenant=maintenant
    )

    html = connecte.post(chemin, donnees).content.decode().replace("\u00a0", " ")

    assert "Il reste 2 places sur 3." in html


def test_rien_n_est_pris_si_l_horaire_a_change_depuis_la_confirmation(connecte, plage, maintenant):
    chemin = url(plage)
    donnees = champs(jusqu_a_la_confirmation(connecte, chemin))
    Disponibilite.objects.filter(pk=plage.pk).update(heure_fin=time(16))
    rafraichir([plage.lieu_id], maintenant)

    reponse = connecte.post(chemin, donnees)

    assert reponse.status_code == 409
    assert "14 h – 17 h à 14 h – 16 h" in reponse.content.decode().replace("\u00a0", " ")
    assert not Orientation.objects.exists()
    assert connecte.post(chemin, champs(reponse)).status_code == 302


@pytest.mark.parametrize("creneau_id", ["d0-1", "inconnu", "e1-abcdefabcdef", "d1-1-1"])
def test_un_creneau_inconnu_donne_un_409_sans_rien_ecrire(connecte, creneau_id, maintenant):
    chemin = reverse("orientation:orienter", kwargs={"creneau_id": creneau_id})

    assert connecte.get(chemin).status_code == 409
    assert connecte.post(chemin, {"etape": "confirmation", "cle": "x"}).status_code == 409


def test_une_etape_falsifiee_recommence_la_saisie(connecte, creneau):
    reponse = connecte.post(url(creneau), {"etape": "confirmation", "cle": "pas-un-uuid"})

    assert "Étape 1 sur 3" in reponse.content.decode()
    assert not Orientation.objects.exists()


def test_la_base_en_panne_au_moment_d_ecrire_ne_laisse_rien(connecte, creneau):
    chemin = url(creneau)
    donnees = champs(jusqu_a_la_confirmation(connecte, chemin))

    with patch("orientation.actions.tracer", side_effect=OperationalError):
        connecte.raise_request_exception = False
        reponse = connecte.post(chemin, donnees)

    assert reponse.status_code in (500, 503)
    assert not Orientation.objects.exists()
    assert not Reservation.objects.exists()


def test_le_courtier_en_panne_n_empeche_pas_d_orienter(connecte, creneau, settings):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    settings.CACHES = settings.CACHES | {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    chemin = url(creneau)

    reponse = connecte.post(chemin, champs(jusqu_a_la_confirmation(connecte, chemin)))

    assert reponse.status_code == 302
    assert Orientation.objects.count() == 1


# --- Hors disponibilité -----------------------------------------------------


def url_en_sus(lieu) -> str:
    return reverse("orientation:orienter_en_sus", kwargs={"lieu_id": f"l{lieu.pk}"})


@pytest.mark.parametrize("role", Role)
def test_l_orientation_en_sus_est_reservee_a_la_regulation(client, lieu, maintenant, role):
    projeter(lieu)
    client.force_login(CompteFactory(role=role))

    attendu = 200 if role in {Role.OSNP, Role.REGULATEUR} else 404
    assert client.get(url_en_sus(lieu)).status_code == attendu


def test_une_orientation_en_sus_est_a_l_heure_du_lieu(connecte, medecine_generale, maintenant):
    lieu = LieuExerciceFactory(reunion=True)
    ParticipationFactory(effecteur=lieu.effecteur)
    projeter(lieu)
    chemin = url_en_sus(lieu)
    confirmation = jusqu_a_la_confirmation(connecte, chemin, date="2026-11-02", heure="14:30")

    notification = connecte.post(chemin, champs(confirmation), follow=True)

    orientation = Orientation.objects.get()
    assert orientation.debut == datetime(2026, 11, 2, 10, 30, tzinfo=UTC)
    assert "Vous adressez un patient surnuméraire à" in confirmation.content.decode()
    assert "lundi 2 novembre 2026 à 14\u00a0h\u00a030" in notification.content.decode()
    assert "heure locale, Saint-Denis" in notification.content.decode()


def test_la_saisie_en_sus_propose_le_prochain_quart_d_heure(connecte, lieu, maintenant):
    projeter(lieu)

    form = connecte.get(url_en_sus(lieu)).context["form"]

    assert form["heure"].value() == "08:00"
    assert form["date"].value().isoformat() == "2026-11-02"


@pytest.mark.parametrize(
    ("date", "heure", "champ"),
    [
        pytest.param("2026-11-02", "07:45", "heure", id="heure passée"),
        pytest.param("2026-11-01", "12:00", "date", id="hier"),
        pytest.param("2027-11-01", "12:00", "date", id="dans un an"),
        pytest.param("", "12:00", "date", id="sans date"),
        pytest.param("2026-11-02", "", "heure", id="sans heure"),
        pytest.param("2026-02-30", "12:00", "date", id="30 février"),
        pytest.param("2026-11-02", "25:00", "heure", id="25 heures"),
        pytest.param("0001-01-01", "00:00", "date", id="an 1"),
        pytest.param("9999-12-31", "23:59", "date", id="an 9999"),
    ],
)
def test_une_date_en_sus_impossible_est_refusee_sur_son_champ(connecte, lieu, maintenant, date, heure, champ):
    projeter(lieu)

    reponse = jusqu_a_la_confirmation(connecte, url_en_sus(lieu), date=date, heure=heure)

    assert list(reponse.context["form"].errors) == [champ]
    assert not Orientation.objects.exists()


@pytest.mark.parametrize("fuseau", ["America/Martinique", "Pacific/Noumea"])
@pytest.mark.parametrize("date", ["0001-01-01", "9999-12-31"])
def test_aux_bornes_du_calendrier_aucun_fuseau_ne_deborde(connecte, lieu, maintenant, fuseau, date):
    lieu.fuseau = fuseau
    lieu.save()
    projeter(lieu)

    reponse = jusqu_a_la_confirmation(connecte, url_en_sus(lieu), date=date, heure="23:59")

    assert list(reponse.context["form"].errors) == ["date"]


def test_revenir_en_arriere_puis_changer_d_heure_montre_l_orientation_deja_enregistree(
    connecte, lieu, maintenant
):
    projeter(lieu)
    chemin = url_en_sus(lieu)
    confirmation = champs(jusqu_a_la_confirmation(connecte, chemin, date="2026-11-02", heure="10:00"))
    connecte.post(chemin, confirmation)

    reponse = connecte.post(chemin, confirmation | {"heure": "11:00"}, follow=True)

    orientation = Orientation.objects.get()
    assert reponse.redirect_chain[-1][0] == f"/orientations/{orientation.uuid}/"
    assert "la nouvelle demande ne l’est pas" in reponse.content.decode()


def test_une_heure_sautee_par_l_heure_d_ete_est_refusee(connecte, lieu):
    with time_machine.travel(datetime(2027, 3, 27, 12, tzinfo=UTC), tick=False):
        rafraichir([lieu.pk], datetime(2027, 3, 27, 12, tzinfo=UTC))
        connecte.force_login(CompteFactory(role=Role.OSNP))
        reponse = jusqu_a_la_confirmation(connecte, url_en_sus(lieu), date="2027-03-28", heure="02:30")

    assert "n’existe pas" in str(reponse.context["form"].errors["heure"])


def test_modifier_rend_la_saisie_avec_ses_valeurs(connecte, lieu, maintenant):
    projeter(lieu)
    chemin = url_en_sus(lieu)
    confirmation = jusqu_a_la_confirmation(connecte, chemin, date="2026-11-03", heure="10:15")

    reponse = connecte.post(chemin, champs(confirmation) | {"modifier": "1"})

    assert reponse.context["form"]["heure"].value() == "10:15"
    assert champs(reponse)["etape"] == "saisie"
    assert not Orientation.objects.exists()


def test_un_lieu_qui_n_accepte_pas_en_sus_est_introuvable(connecte, medecine_generale, maintenant):
    lieu = LieuExerciceFactory()
    projeter(lieu)

    assert connecte.get(url_en_sus(lieu)).status_code == 404


def test_en_sus_une_absence_se_dit_sur_la_date(connecte, lieu, maintenant):
    projeter(lieu)
    IndisponibiliteFactory(lieu=lieu)
    saisie = champs(connecte.get(url_en_sus(lieu)))

    pendant = connecte.post(url_en_sus(lieu), saisie | {"date": "2026-11-02", "heure": "15:00"})
    apres = connecte.post(url_en_sus(lieu), saisie | {"date": "2026-11-03", "heure": "09:00"})

    assert "Absent jusqu’au mardi 3 novembre 2026" in pendant.context["form"].errors["date"][0]
    assert "Vous adressez un patient surnuméraire à" in apres.content.decode()


def test_en_sus_par_une_cpts_chaque_ecran_la_nomme_destinataire(connecte, lieu, maintenant):
    """Le professionnel reste nommé, avec son adresse ; la CPTS qui reçoit aussi (W-24)."""
    cpts = StructureFactory(commune=lieu.commune, nom="CPTS du Douaisis", telephone="+33327000000")
    participation = Participation.objects.get(effecteur=lieu.effecteur)
    participation.modalite, participation.structure = Modalite.CPTS, cpts
    participation.save()
    participation.lieux.add(lieu)
    projeter(lieu)
    chemin = reverse("orientation:orienter_en_sus", kwargs={"lieu_id": f"l{lieu.pk}"})

    saisie = connecte.get(chemin)
    donnees = champs(saisie) | {"date": "2026-11-03", "heure": "09:00"}
    confirmation = connecte.post(chemin, donnees)
    notification = connecte.post(
        chemin, champs(confirmation) | {"date": "2026-11-03", "heure": "09:00"}, follow=True
    )

    for page in (saisie, confirmation, notification, connecte.get(reverse("orientation:orientations"))):
        lu = page.content.decode()
        assert "CPTS du Douaisis" in lu
        assert "Camille MARTIN" in lu
    assert Orientation.objects.get().structure == cpts
    lu = saisie.content.decode()
    assert 'href="tel:+33327000000"' in lu  # c’est elle qu’on appelle
    assert "Convenez d’abord de l’heure, par téléphone, avec CPTS du Douaisis." in lu
    assert ">9\u00a0h\u00a015</option>" in saisie.content.decode()
