"""Les consignes d’un lieu : limites et pause retirent l’accueil en sus, le téléphone réservé ne va qu’à qui oriente."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.urls import reverse

from agenda.offre import rafraichir
from comptes.enums import Role
from orientation.actions import Surnumeraire, SurnumeraireRefuse, annuler, orienter
from orientation.lectures import Criteres, offre_du_lieu, page_json
from orientation.models import Orientation
from participation.models import Participation, Sollicitation
from tests.comptes.factories import CompteFactory
from tests.orientation.conftest import LUNDI_8H, identifiant, projeter

pytestmark = pytest.mark.django_db


def en_sus(lieu, acteur, cle: str, *, le: datetime = LUNDI_8H) -> Orientation:
    demande = Surnumeraire(lieu_id=f"l{lieu.pk}", debut=le + timedelta(hours=2))
    return orienter(acteur=acteur, cle=cle, surnumeraire=demande, maintenant=le)


@pytest.fixture
def offert(lieu, maintenant):
    """Un lieu sans créneau, qui accepte des patients en sus."""
    rafraichir([lieu.pk], maintenant)
    return lieu


def test_sans_consigne_le_lieu_accepte_en_sus(offert):
    offre = offre_du_lieu(offert.pk, maintenant=LUNDI_8H)

    assert (offre.en_sus, offre.suspension) == (True, "")


@pytest.mark.parametrize(
    ("consignes", "raison"),
    [
        pytest.param({"pause_jusqu_au": LUNDI_8H + timedelta(days=2)}, "a suspendu", id="pause"),
        pytest.param({"max_par_jour": 1}, "pour aujourd’hui", id="limite du jour"),
        pytest.param({"max_par_semaine": 1}, "pour cette semaine", id="limite de la semaine"),
    ],
)
def test_une_pause_ou_une_limite_atteinte_retire_l_accueil_en_sus_et_dit_pourquoi(
    offert, osnp, consignes, raison
):
    en_sus(offert, osnp, "premier")
    Sollicitation.objects.create(lieu=offert, **consignes)

    offre = offre_du_lieu(offert.pk, maintenant=LUNDI_8H)

    assert not offre.en_sus
    assert raison in offre.suspension
    assert offre.suspension in offre.raison_du_rang
    with pytest.raises(SurnumeraireRefuse, match=raison) as refus:
        en_sus(offert, osnp, "second")
    assert refus.value.code == "en_sus_suspendu"


@pytest.mark.parametrize(
    ("consignes", "plus_tard"),
    [
        pytest.param({"pause_jusqu_au": LUNDI_8H + timedelta(hours=1)}, timedelta(hours=1), id="pause finie"),
        pytest.param({"max_par_jour": 1}, timedelta(hours=15, minutes=59), id="le jour même, 23 h 59"),
        pytest.param({"max_par_jour": 1}, timedelta(hours=16), id="le lendemain, 0 h"),
        pytest.param({"max_par_semaine": 1}, timedelta(days=6, hours=15, minutes=59), id="le dimanche"),
        pytest.param({"max_par_semaine": 1}, timedelta(days=6, hours=16), id="le lundi suivant"),
        pytest.param({"max_par_jour": 2}, timedelta(0), id="sous la limite"),
    ],
)
def test_une_limite_vaut_jusqu_a_minuit_a_l_heure_du_lieu(offert, osnp, consignes, plus_tard):
    en_sus(offert, osnp, "premier")
    Sollicitation.objects.create(lieu=offert, **consignes)
    encore = plus_tard in (timedelta(hours=15, minutes=59), timedelta(days=6, hours=15, minutes=59))

    offre = offre_du_lieu(offert.pk, maintenant=LUNDI_8H + plus_tard)

    assert offre.en_sus is not encore


def test_une_orientation_annulee_ne_compte_plus(offert, osnp):
    premiere = en_sus(offert, osnp, "premier")
    Sollicitation.objects.create(lieu=offert, max_par_jour=1)

    annuler(acteur=osnp, orientation=premiere, maintenant=LUNDI_8H)

    assert en_sus(offert, osnp, "second").pk


def test_un_creneau_libre_ne_compte_pas_comme_un_patient_en_sus(creneau, osnp):
    Sollicitation.objects.create(lieu=creneau.lieu, max_par_jour=1)
    orienter(acteur=osnp, cle="creneau", creneau_id=identifiant(creneau), maintenant=LUNDI_8H)

    assert offre_du_lieu(creneau.lieu_id, maintenant=LUNDI_8H).en_sus


@pytest.mark.django_db(transaction=True)
def test_deux_regulateurs_une_limite_d_un_patient_un_seul_passe(offert):
    Sollicitation.objects.create(lieu=offert, max_par_jour=1)
    acteurs = [CompteFactory(role=Role.OSNP) for _ in range(2)]

    def essayer(acteur):
        try:
            return en_sus(offert, acteur, "cle")
        except SurnumeraireRefuse:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        passees = [o for o in pool.map(essayer, acteurs) if o]

    assert len(passees) == Orientation.objects.count() == 1


def page_de_resultats(client) -> str:
    demande = {"quoi": "médecine générale", "ou": "Lille"}
    return client.post(reverse("orientation:recherche"), demande, follow=True).content.decode()


def test_la_carte_dit_la_limite_atteinte_et_n_offre_plus_l_accueil_en_sus(offert, connecte, osnp):
    assert "Orientation hors disponibilité" in page_de_resultats(connecte)
    en_sus(offert, osnp, "premier")
    Sollicitation.objects.create(lieu=offert, max_par_jour=1)

    html = page_de_resultats(connecte)

    assert "Orientation hors disponibilité" not in html
    assert "a atteint sa limite de patients en sus pour aujourd’hui" in html
    url = reverse("orientation:orienter_en_sus", kwargs={"lieu_id": f"l{offert.pk}"})
    reponse = connecte.get(url)
    assert reponse.status_code == 409
    assert "a atteint sa limite" in reponse.content.decode()


@pytest.mark.parametrize(
    ("role", "lit"),
    [(Role.OSNP, True), (Role.REGULATEUR, True), (Role.IOA, True), (Role.GESTIONNAIRE_COMPTES, False)],
)
def test_le_telephone_reserve_ne_va_qu_a_qui_oriente(offert, client, role, lit):
    Sollicitation.objects.create(
        lieu=offert, telephone_prive="+33612345678", heures_d_appel="<b>de midi à deux</b>"
    )
    Participation.objects.update(forfait_reorientation=True)
    projeter(offert)
    client.force_login(CompteFactory(role=role))

    html = page_de_resultats(client)

    assert ("06 12 34 56 78" in html) == lit
    assert ("&lt;b&gt;de midi à deux&lt;/b&gt;" in html) == lit
    assert "<b>de midi" not in html


def test_le_telephone_reserve_est_sur_la_saisie_et_jamais_dans_l_api(offert, connecte, creneau):

    Sollicitation.objects.create(lieu=offert, telephone_prive="+33612345678")

    saisie = connecte.get(reverse("orientation:orienter", kwargs={"creneau_id": identifiant(creneau)}))

    assert "06 12 34 56 78" in saisie.content.decode()
    criteres = Criteres(lat=offert.lat, lon=offert.lon, rayon_km=5, lieu_id=offert.pk)
    assert b"612345678" not in page_json(criteres, maintenant=LUNDI_8H).contenu


def test_l_api_dit_la_suspension(offert):
    Sollicitation.objects.create(lieu=offert, pause_jusqu_au=datetime(2026, 12, 1, tzinfo=UTC))
    criteres = Criteres(lat=offert.lat, lon=offert.lon, rayon_km=5, lieu_id=offert.pk)

    (offre,) = json.loads(page_json(criteres, maintenant=LUNDI_8H).contenu)["offres"]

    assert offre["en_sus"] is False
    assert offre["suspension"] == "a suspendu les patients en sus"
