"""« Ma participation » en cours : conditions et preuves, trimestre et tranche, plafond de la semaine."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from comptes.enums import Role
from participation.enums import Modalite
from remuneration.enums import Prestation
from tests.annuaire.factories import StructureFactory, habiliter
from tests.comptes.factories import CompteFactory
from tests.participation.factories import ParticipationFactory
from tests.remuneration.calcul.monde import declarer, orienter, sas_ouvert
from tests.remuneration.factories import RegleFactory

# L’horloge des tests est arrêtée au mardi 17 mars 2026, 9 h à Paris.
LUNDI = datetime(2026, 3, 16, 9, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("regles_semees", "horloge")


@pytest.fixture
def sas(lieu):
    return sas_ouvert(lieu.commune.departement)


@pytest.fixture
def tranches():
    return RegleFactory(
        debut=date(2026, 1, 1),
        fin=date(2026, 7, 1),
        issues=["venu"],
        conditions=["sas_ouvert", "participe"],
        tranches=[(5, 15, 70), (16, 25, 210), (26, None, 350)],
        remarque="Maintien à confirmer.",
    )


def lire(client, route="participation", qui="moi", **options):
    return client.get(reverse(f"ma_participation:{route}", kwargs={"qui": qui, **options}))


def page(client, **options):
    """Le texte, ses espaces ordinaires réunies ; les insécables restent."""
    return re.sub(r"[ \n]+", " ", lire(client, **options).content.decode())


def test_l_entree_du_menu_mene_a_sa_page(medecin):
    reponse = medecin.get(reverse("ma_participation:accueil"))

    assert reponse.url == reverse("ma_participation:participation", kwargs={"qui": "moi"})


def test_la_responsable_arrive_sur_sa_structure(client, responsable, association):
    client.force_login(responsable)

    reponse = client.get(reverse("ma_participation:accueil"), follow=True)

    assert "SOS Médecins Lille" in reponse.content.decode()


def test_qui_n_est_pas_de_l_annuaire_l_apprend(client):
    client.force_login(CompteFactory(role=Role.EFFECTEUR))

    reponse = client.get(reverse("ma_participation:accueil"))

    assert "relié à aucun professionnel" in reponse.content.decode()


def test_une_cpts_n_a_pas_de_page(client):
    cpts, gestionnaire = StructureFactory(cpts=True), CompteFactory()
    habiliter(gestionnaire, Role.GESTIONNAIRE_STRUCTURE, structure=cpts)
    client.force_login(gestionnaire)

    assert lire(client, qui=f"structure-{cpts.pk}").status_code == 404


def test_chaque_condition_dit_ce_qui_manque_et_ou_le_reparer(medecin, effecteur, sas):
    declarer(effecteur, le=datetime(2026, 1, 1, tzinfo=UTC))

    lue = page(medecin)

    assert "Un SAS fonctionne sur le territoire de votre lieu d’exercice" in lue
    assert "solution interfacée" in lue
    assert f'href="{reverse("tableau:participation")}">Éditer votre participation' in lue
    assert f'href="{reverse("tableau:accueil")}">Compléter votre agenda' in lue
    assert "aucun relevé" in lue
    assert "Condition manquante" in lue


def test_toutes_conditions_remplies_le_forfait_s_annonce(medecin, effecteur, sas):
    declarer(effecteur, le=datetime(2026, 1, 1, tzinfo=UTC), utilise_logiciel=True, declare_deux_heures=False)

    lue = page(medecin)

    assert "<strong>1\u00a0000\u00a0€</strong>" in lue
    assert "Dû si rien ne change" in lue
    assert "Vous participez par votre logiciel interfacé." in lue
    assert "semaine relevée" not in lue
    assert "Compléter votre agenda" not in lue


def test_qui_ne_participe_pas_apprend_comment_faire(medecin, sas):
    lue = page(medecin)

    assert "Vous n’avez pas déclaré participer au SAS." in lue
    assert reverse("tableau:participation") in lue


def test_le_medecin_de_sos_apprend_que_son_association_recoit_le_forfait(medecin, effecteur, association):
    ParticipationFactory(effecteur=effecteur, modalite=Modalite.SOS, structure=association)

    assert "le forfait est celui de votre association" in page(medecin)


def test_sans_sas_ouvert_rien_n_est_du_et_la_page_le_dit(medecin, effecteur):
    declarer(effecteur, le=datetime(2026, 1, 1, tzinfo=UTC), utilise_logiciel=True)

    assert "Aucun SAS ne fonctionne" in page(medecin)


@pytest.mark.parametrize(
    ("nombre", "attendu"),
    [
        pytest.param(0, ["Aucune tranche atteinte", "Encore 5 actes", "70\u00a0€"], id="aucun acte"),
        pytest.param(4, ["Aucune tranche atteinte", "Encore 1 acte<"], id="juste sous la première"),
        pytest.param(7, ["de 5 à 15 actes", "Encore 9 actes", "210\u00a0€"], id="dans une tranche"),
        pytest.param(26, ["26 actes et plus", "C’est la plus haute", "350\u00a0€"], id="dans la dernière"),
    ],
)
def test_le_trimestre_dit_la_tranche_et_ce_qui_manque_a_la_suivante(
    medecin, effecteur, lieu, sas, tranches, nombre, attendu
):
    declarer(effecteur)
    for rang in range(nombre):
        orienter(lieu, LUNDI - timedelta(days=7 * (rang // 10), minutes=10 * rang))

    lue = page(medecin)

    assert [mot for mot in attendu if mot not in lue] == []


def test_la_regle_appliquee_se_lit_avec_sa_source_et_ce_qui_reste_incertain(medecin, tranches):
    lue = page(medecin)

    assert "Règle appliquée" in lue
    assert "du 1er janvier 2026 au 30 juin 2026" in lue
    assert "texte d’essai, article 1er" in lue
    assert "Reste incertain\u00a0: Maintien à confirmer." in lue


def test_le_plafond_de_la_semaine_se_compte(medecin, effecteur, lieu, sas):
    declarer(effecteur)
    for rang in range(12):
        orienter(lieu, LUNDI + timedelta(minutes=10 * rang))

    assert "<strong>12 majorations sur 30</strong>, la semaine du 16 mars 2026" in page(medecin)


def test_une_issue_manquante_s_annonce(medecin, effecteur, lieu, sas):
    declarer(effecteur)
    orienter(lieu, LUNDI, issue="")

    assert "1 acte de ce trimestre n’a pas d’issue connue" in page(medecin)


def test_une_consultation_a_venir_n_a_pas_d_issue_qui_manque(medecin, effecteur, lieu, sas):
    declarer(effecteur)
    orienter(lieu, LUNDI + timedelta(days=2), issue="", avant=timedelta(days=2))

    assert "pas d’issue connue" not in page(medecin)


def test_le_bareme_incomplet_se_dit_au_lieu_de_faire_panne(medecin, effecteur):
    RegleFactory(
        prestation=Prestation.PILOTE,
        montant=Decimal(0),
        debut=date(2026, 1, 1),
        fin=date(2027, 1, 1),
    )

    reponse = lire(medecin)

    assert reponse.status_code == 200
    assert "ne permet pas de calcul" in reponse.content.decode()


def test_le_nombre_de_requetes_ne_suit_pas_les_actes(medecin, effecteur, lieu, sas, compter_requetes):
    declarer(effecteur)
    orienter(lieu, LUNDI)
    lire(medecin)
    avec_un = compter_requetes(lambda: lire(medecin))
    for rang in range(1, 12):
        orienter(lieu, LUNDI + timedelta(minutes=10 * rang))

    assert compter_requetes(lambda: lire(medecin)) == avec_un


def test_la_responsable_voit_les_actes_de_son_association(client, responsable, association, sas):
    declarer(association)
    client.force_login(responsable)

    lue = page(client, qui=f"structure-{association.pk}")

    assert "SOS Médecins Lille" in lue
    assert reverse("tableau:participation_structure", kwargs={"structure_id": association.pk}) in lue


def test_nul_autre_ne_voit_cette_page(client, etrangers, association):
    for compte in etrangers:
        client.force_login(compte)
        assert lire(client, qui=f"structure-{association.pk}").status_code == 404


def test_un_delegataire_n_a_aucune_page(client, etrangers):
    client.force_login(etrangers[1])

    assert client.get(reverse("ma_participation:accueil")).status_code == 404
    assert lire(client).status_code == 404


@pytest.mark.parametrize("qui", ["structure-0", "structure-x", "structure-", "autre", "1"])
def test_une_cle_inconnue_n_existe_pas(medecin, qui):
    assert lire(medecin, qui=qui).status_code == 404
