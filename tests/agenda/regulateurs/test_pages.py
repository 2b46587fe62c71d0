"""« Chez les éditeurs », sur la fiche d’un compte : l’état, la raison, et renvoyer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from agenda.enums import EtatCopie, EtatEnvoi, Flux
from agenda.models import EnvoiRegulateur
from agenda.models.regulateurs import ESSAIS_MAX
from agenda.regulateurs import lectures
from comptes.enums import Role
from comptes.models import Compte, Trace
from tests.agenda.factories import CopieRegulateurFactory, EditeurFactory, EnvoiRegulateurFactory
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.django_db

LE = datetime(2026, 11, 2, 8, tzinfo=UTC)


@pytest.fixture
def support(client):
    client.force_login(CompteFactory(role=Role.SUPPORT))
    return client


@pytest.fixture
def copie():
    return CopieRegulateurFactory(
        editeur__nom="Medilog", peut_etre_active=True, acquittee_le=LE, identifiant="urn:oid:x|1"
    )


def page(copie) -> str:
    return reverse("regulateurs:compte", kwargs={"compte_id": copie.compte_id})


def renvoi(copie) -> str:
    return reverse("regulateurs:renvoyer", kwargs={"compte_id": copie.compte_id, "copie_id": copie.pk})


def test_la_page_dit_l_etat_et_depuis_quand(support, copie):
    lue = support.get(page(copie)).content.decode()

    assert "Medilog" in lue
    assert "À jour" in lue
    assert "2 novembre 2026 à 9\u00a0h" in lue
    assert Trace.objects.filter(verbe="compte.lu", objet=f"compte:{copie.compte_id}").count() == 1


def test_la_page_dit_pourquoi_un_envoi_echoue(support, copie):
    EnvoiRegulateurFactory(
        copie=copie, etat=EtatEnvoi.ABANDONNE, essais=ESSAIS_MAX, reponse="HTTP 403\u00a0: OU inconnue"
    )

    lue = support.get(page(copie)).content.decode()

    assert "En échec" in lue
    assert "OU inconnue" in lue
    assert "Abandonnée jusqu’à sa prochaine connexion" in lue


def test_la_fiche_y_mene_le_support_et_non_un_gestionnaire(client, support, copie):
    fiche = reverse("gestion:compte", kwargs={"compte_id": copie.compte_id})

    assert page(copie) in support.get(fiche).content.decode()
    client.force_login(CompteFactory(role=Role.GESTIONNAIRE_COMPTES))
    assert client.get(page(copie)).status_code == 404


def test_renvoyer_redit_tout_meme_ce_qui_etait_acquitte(support, copie):
    reponse = support.post(renvoi(copie), follow=True)

    envoi = EnvoiRegulateur.objects.get()
    assert (envoi.etat, envoi.actif, envoi.qui.email) == (EtatEnvoi.A_ENVOYER, True, copie.compte.email)
    assert "L’envoi est refait" in reponse.content.decode()
    assert Trace.objects.get(verbe="regulateur.renvoye").details == {"editeur": copie.editeur_id}


def test_renvoyer_reprend_un_envoi_abandonne(support, copie):
    EnvoiRegulateurFactory(copie=copie, etat=EtatEnvoi.ABANDONNE, essais=ESSAIS_MAX)

    support.post(renvoi(copie))

    envoi = EnvoiRegulateur.objects.en_suspens().get()
    assert (envoi.etat, envoi.essais) == (EtatEnvoi.A_ENVOYER, 0)


@pytest.mark.parametrize(
    ("champs", "message"),
    [
        pytest.param({"prenom": ""}, "il manque prénom", id="incomplet"),
        pytest.param({"is_active": False}, "ne régule plus", id="sans droit"),
    ],
)
def test_renvoyer_refuse_ce_qui_n_a_rien_a_dire(support, champs, message):
    copie = CopieRegulateurFactory()
    Compte.objects.filter(pk=copie.compte_id).update(**champs)

    assert message in support.post(renvoi(copie), follow=True).content.decode()
    assert not Trace.objects.filter(verbe="regulateur.renvoye").exists()


def test_la_copie_d_un_autre_compte_est_introuvable(support, copie):
    autre = CopieRegulateurFactory()
    adresse = reverse("regulateurs:renvoyer", kwargs={"compte_id": copie.compte_id, "copie_id": autre.pk})

    assert support.post(adresse).status_code == 404


def test_un_compte_efface_se_suit_encore_sous_son_numero(support, copie):
    Compte.objects.filter(pk=copie.compte_id).update(
        anonymise_le=LE, email=None, nom="Compte effacé", prenom="", is_active=False
    )

    lue = support.get(page(copie)).content.decode()

    assert "Compte effacé chez les éditeurs" in lue
    assert f'href="{reverse("gestion:compte", kwargs={"compte_id": copie.compte_id})}"' not in lue


def test_le_suivi_d_un_editeur_met_les_echecs_d_abord(compter_requetes):
    editeur = EditeurFactory(flux=[Flux.COMPTES])
    a_jour = CopieRegulateurFactory(editeur=editeur, peut_etre_active=True, acquittee_le=LE)
    attend = EnvoiRegulateurFactory(copie__editeur=editeur)
    CopieRegulateurFactory(editeur=editeur, manque="prénom")
    echec = EnvoiRegulateurFactory(copie__editeur=editeur, etat=EtatEnvoi.ABANDONNE, essais=ESSAIS_MAX)
    EnvoiRegulateurFactory(copie=a_jour, clos=True)
    EnvoiRegulateurFactory()  # chez un autre

    suivi = lectures.de_l_editeur(editeur)

    assert [ligne.etat for ligne in suivi.a_regarder] == [
        EtatCopie.EN_ECHEC,
        EtatCopie.EN_ATTENTE,
        EtatCopie.INCOMPLET,
    ]
    assert [ligne.envoi for ligne in suivi.a_regarder] == [echec, attend, None]
    assert (suivi.nombres[EtatCopie.A_JOUR], suivi.dernier_acquitte_le) == (1, LE)
    assert lectures.derniers_envois(editeur).get().copie == a_jour
    assert compter_requetes(lambda: lectures.de_l_editeur(editeur)) == 2
