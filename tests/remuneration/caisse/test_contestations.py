"""Les contestations du côté de la caisse : lire, répondre, clore ; chacun est prévenu, rien n’en part par courriel."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from comptes.enums import Role
from comptes.models import Courriel, Trace
from remuneration import contestations as fils
from remuneration.contestations import ContestationRefusee
from remuneration.enums import EtatContestation
from tests.annuaire.factories import habiliter
from tests.comptes.factories import CompteFactory
from tests.remuneration.factories import (
    CalculFactory,
    ContestationFactory,
    DecompteFactory,
    PeriodeFactory,
    RegleFactory,
    clore_pour_essai,
)

pytestmark = pytest.mark.django_db
INSTANT = datetime(2026, 11, 20, 9, tzinfo=UTC)
SECRET = "Il manque deux consultations du 17 juillet."


@pytest.fixture
def lille(nord):
    return nord.departements.get()


@pytest.fixture
def medecin(favier):
    return CompteFactory(role=Role.EFFECTEUR, identifiant_national=favier.identifiant_national)


@pytest.fixture
def contestation(calcul, lille, favier, medecin, agent):
    return fils.ouvrir(
        periode=calcul.periode,
        departement=lille,
        effecteur=favier,
        texte=SECRET,
        par=medecin,
        maintenant=INSTANT,
    )


def page_de(contestation, nom="contestation"):
    return reverse(f"caisse:{nom}", kwargs={"contestation_id": contestation.pk})


def test_ouvrir_previent_les_agents_du_departement_sans_rien_dire_du_desaccord(
    agent, collegue, agent_d_ailleurs, contestation
):
    courriels = Courriel.objects.filter(gabarit="remuneration/contestation_ouverte")

    assert {courriel.compte for courriel in courriels} == {agent, collegue}
    assert not any(SECRET in courriel.corps_texte + courriel.corps_html for courriel in courriels)
    assert page_de(contestation) in courriels[0].corps_texte
    assert Trace.objects.get(verbe="contestation.ouverte").objet == f"contestation:{contestation.pk}"


def test_un_second_fil_sur_la_meme_periode_est_refuse(contestation, calcul, lille, favier, medecin):
    with pytest.raises(ContestationRefusee, match="déjà ouverte"):
        fils.ouvrir(
            periode=calcul.periode,
            departement=lille,
            effecteur=favier,
            texte="x",
            par=medecin,
            maintenant=INSTANT,
        )


def test_la_caisse_repond_et_le_medecin_est_prevenu(client, contestation, agent, medecin):
    client.force_login(agent)
    page = client.get(page_de(contestation)).content.decode()
    assert SECRET in page
    assert "105\u00a0€, 7\u00a0actes ouvrant droit à majoration, d’après la règle" in page

    client.post(page_de(contestation), {"texte": "Nous avons vérifié."})

    contestation.refresh_from_db()
    assert contestation.etat == EtatContestation.REPONDUE
    message = contestation.messages.last()
    assert (message.auteur, message.de_la_caisse, message.texte) == (agent, True, "Nous avons vérifié.")
    (courriel,) = Courriel.objects.filter(gabarit="remuneration/contestation_reponse")
    assert courriel.compte == medecin
    assert "vérifié" not in courriel.corps_texte


def test_l_agent_lit_la_condition_qui_manque_et_ce_qu_en_sait_le_beneficiaire(client, lille, favier, agent):
    annee = CalculFactory(periode=PeriodeFactory(code="2026"))
    DecompteFactory(
        calcul=annee,
        regle=RegleFactory(forfait=True, proposee=True),
        departement=lille,
        effecteur=favier,
        nombre=46,
        est_du=False,
        montant=0,
        conditions={"participe": [False, "Vous n’acceptez pas d’être sollicité."]},
    )
    clore_pour_essai(annee)
    fil = ContestationFactory(periode=annee.periode, effecteur=favier, departement=lille)
    client.force_login(agent)

    page = client.get(page_de(fil)).content.decode()

    assert "0\u00a0€, 46\u00a0semaines relevées" in page
    assert "Non remplie\u00a0: Accepte d’être sollicité en sus de ses disponibilités." in page
    assert "«\u00a0Vous n’acceptez pas d’être sollicité.\u00a0»" in page


def test_un_message_du_medecin_attend_de_nouveau_la_caisse(contestation, agent, medecin):
    fils.ecrire(contestation, texte="Merci.", par=agent, de_la_caisse=True, maintenant=INSTANT)

    fils.ecrire(contestation, texte="Et le 18 ?", par=medecin, de_la_caisse=False, maintenant=INSTANT)

    assert contestation.etat == EtatContestation.OUVERTE
    assert Courriel.objects.filter(gabarit="remuneration/contestation_message").count() == 1


def test_la_caisse_clot_en_disant_pourquoi(client, contestation, agent, medecin):
    client.force_login(agent)
    muette = client.post(page_de(contestation, "clore"), {"cloture-texte": " "})
    contestation.refresh_from_db()
    assert contestation.etat == EtatContestation.OUVERTE
    assert "texte" in muette.context["cloture"].errors

    client.post(page_de(contestation, "clore"), {"cloture-texte": "Un rectificatif suivra."})

    contestation.refresh_from_db()
    assert contestation.etat == EtatContestation.CLOSE
    assert contestation.messages.last().texte == "Un rectificatif suivra."
    assert Courriel.objects.get(gabarit="remuneration/contestation_close").compte == medecin


def test_un_fil_clos_ne_recoit_plus_rien_et_garde_ce_qui_etait_tape(client, contestation, agent):
    fils.clore(contestation, par=agent, de_la_caisse=True, maintenant=INSTANT)
    client.force_login(agent)

    reponse = client.post(page_de(contestation), {"texte": "Trop tard."})

    assert reponse.status_code == 409
    assert "n’est pas partie" in reponse.content.decode()
    assert contestation.messages.count() == 1


def test_le_retrait_du_medecin_previent_la_caisse(contestation, medecin, agent):
    fils.clore(contestation, par=medecin, de_la_caisse=False, maintenant=INSTANT)

    assert Courriel.objects.get(gabarit="remuneration/contestation_retiree").compte == agent


@pytest.mark.parametrize("nom", ["contestation", "clore"])
def test_un_autre_departement_n_en_sait_rien(client, contestation, agent_d_ailleurs, nom):
    client.force_login(agent_d_ailleurs)

    assert client.post(page_de(contestation, nom), {"texte": "x"}).status_code == 404
    assert list(client.get(reverse("caisse:contestations")).context["page"]) == []


def test_l_administrateur_lit_sans_repondre(client, contestation):
    client.force_login(CompteFactory(administrateur=True))

    page = client.get(page_de(contestation))

    assert page.status_code == 200
    assert "Envoyer la réponse" not in page.content.decode()
    assert client.post(page_de(contestation), {"texte": "x"}).status_code == 404


def test_ce_qui_attend_vient_d_abord(client, contestation, calcul, lille, centre, agent):
    gestionnaire = CompteFactory()
    habiliter(gestionnaire, Role.GESTIONNAIRE_STRUCTURE, structure=centre)
    autre = fils.ouvrir(
        periode=calcul.periode,
        departement=lille,
        structure=centre,
        texte="x",
        par=gestionnaire,
        maintenant=datetime(2026, 11, 21, tzinfo=UTC),
    )
    fils.ecrire(autre, texte="Oui.", par=agent, de_la_caisse=True, maintenant=INSTANT)
    client.force_login(agent)

    page = client.get(reverse("caisse:contestations"))

    assert list(page.context["page"]) == [contestation, autre]
    assert "1 attend une réponse" in page.content.decode()
    assert Courriel.objects.get(gabarit="remuneration/contestation_reponse").compte == gestionnaire


def test_la_liste_ne_fait_pas_une_requete_par_ligne(
    client, contestation, calcul, lille, medecin, agent, compter_requetes
):
    from tests.annuaire.factories import EffecteurFactory
    from tests.remuneration.factories import ContestationFactory

    client.force_login(agent)
    client.get(reverse("caisse:contestations"))
    avec_une = compter_requetes(lambda: client.get(reverse("caisse:contestations")))
    for _ in range(5):
        ContestationFactory(periode=calcul.periode, departement=lille, effecteur=EffecteurFactory())

    assert compter_requetes(lambda: client.get(reverse("caisse:contestations"))) == avec_une
