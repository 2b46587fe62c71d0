"""Proposer une règle, la mettre en vigueur à deux, l’écarter ; ce que la base refuse quand la page est contournée."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from comptes.models import Trace
from remuneration.bareme import actions
from remuneration.bareme.actions import RegleRefusee
from remuneration.enums import EtatRegle, Mode, Prestation
from remuneration.models import Regle
from tests.comptes.factories import CompteFactory
from tests.remuneration.factories import CalculFactory, PeriodeFactory, RegleFactory, clore_pour_essai

pytestmark = pytest.mark.django_db
INSTANT = datetime(2026, 11, 20, 9, tzinfo=UTC)
AVRIL_2027 = date(2027, 4, 1)


@pytest.fixture
def auteur():
    return CompteFactory(administrateur=True)


@pytest.fixture
def relecteur():
    return CompteFactory(administrateur=True)


@pytest.fixture
def snp():
    """La majoration en vigueur, telle que la plateforme est livrée : 15 €, sans fin."""
    return Regle.objects.get(prestation=Prestation.MAJORATION_SNP, etat=EtatRegle.ACTIVE)


def proposee(auteur, **champs):
    return RegleFactory(
        proposee=True,
        **{
            "prestation": Prestation.MAJORATION_SNP,
            "montant": Decimal(20),
            "debut": AVRIL_2027,
            "fin": None,
            "auteur": auteur,
            **champs,
        },
    )


def saisie(**champs):
    return {
        "debut": "2027-04-01",
        "fin": "",
        "montant": "17,50",
        "modes": ["individuel", "cpts"],
        "conditions": ["sas_ouvert"],
        "issues": ["venu"],
        "plafond_hebdo": "20",
        "delai_h": "48",
        "source": "Arrêté fictif du 1er mars 2027, article 2",
        "remarque": "",
        **champs,
    }


def tranches(*lignes):
    champs = {"tranches-TOTAL_FORMS": "12", "tranches-INITIAL_FORMS": "12"}
    for rang, (de, a, montant) in enumerate(lignes):
        champs |= {f"tranches-{rang}-de": de, f"tranches-{rang}-a": a, f"tranches-{rang}-montant": montant}
    return champs


def proposer(client, prestation, donnees):
    return client.post(reverse("bareme:proposer", kwargs={"prestation": prestation}), donnees)


def geste(client, nom, regle):
    return client.post(reverse(f"bareme:{nom}", kwargs={"regle_id": regle.pk}), follow=True)


def test_la_liste_dit_ce_qui_vaut_d_ou_cela_vient_et_ce_qui_attend(client, auteur):
    regle = proposee(auteur)
    client.force_login(auteur)

    page = client.get(reverse("bareme:regles")).content.decode()

    assert "15\u00a0€ par acte" in page
    assert "20\u00a0€ par acte" in page
    assert "Coquille" not in page
    assert f"Proposée par {auteur}" in page
    assert "Livrée avec la plateforme" in page
    assert reverse("bareme:regle", kwargs={"regle_id": regle.pk}) in page


def test_une_regle_proposee_ne_vaut_rien_et_se_trace(client, auteur, snp):
    client.force_login(auteur)

    reponse = proposer(client, "majoration_snp", saisie())

    regle = Regle.objects.get(auteur=auteur)
    assert reponse.url == reverse("bareme:regle", kwargs={"regle_id": regle.pk})
    assert (regle.etat, regle.montant, regle.modes) == (
        EtatRegle.PROPOSEE,
        Decimal("17.50"),
        [Mode.INDIVIDUEL, Mode.CPTS],
    )
    assert Regle.objects.en_vigueur().filter(prestation=Prestation.MAJORATION_SNP).get() == snp
    assert Trace.objects.get(verbe="regle.proposee").objet == f"regle:{regle.pk}"


@pytest.mark.parametrize(
    ("change", "champ", "phrase"),
    [
        pytest.param({"debut": ""}, "debut", "obligatoire", id="sans début"),
        pytest.param({"fin": "2027-04-01"}, "fin", "avant d’avoir commencé", id="finit en commençant"),
        pytest.param({"montant": "-1"}, "montant", "", id="montant négatif"),
        pytest.param({"modes": []}, "modes", "obligatoire", id="sans mode"),
        pytest.param({"source": " "}, "source", "obligatoire", id="sans texte"),
    ],
)
def test_une_faute_se_dit_sur_son_champ(client, auteur, change, champ, phrase):
    client.force_login(auteur)

    reponse = proposer(client, "majoration_snp", saisie(**change))

    (erreur,) = reponse.context["form"].errors[champ]
    assert phrase in erreur
    assert not Regle.objects.filter(auteur=auteur).exists()


def test_un_debut_dans_une_periode_close_est_refuse_et_explique(client, auteur):
    clore_pour_essai(CalculFactory(periode=PeriodeFactory(code="2026T3")))
    client.force_login(auteur)

    reponse = proposer(client, "majoration_snp", saisie(debut="2026-09-01"))

    (erreur,) = reponse.context["form"].errors["debut"]
    assert "01/10/2026 au plus tôt" in erreur
    assert "rectificatif" in erreur


def test_un_trimestre_clos_n_arrete_pas_le_forfait_de_l_annee(client, auteur):
    clore_pour_essai(CalculFactory(periode=PeriodeFactory(code="2026T3")))

    assert actions.clos_jusqu_au(Prestation.PARTICIPATION) is None
    assert actions.clos_jusqu_au(Prestation.MAJORATION_SNP) == date(2026, 10, 1)


@pytest.mark.parametrize(
    ("lignes", "case", "phrase"),
    [
        pytest.param([(5, 15, 70), (18, "", 210)], (1, "de"), "Rien n’est prévu de 16 à 17", id="trou"),
        pytest.param([(5, 15, 70), (15, "", 210)], (1, "de"), "chevauche", id="chevauchement"),
        pytest.param([(16, "", 210), (5, 15, 70)], (1, "de"), "plus basse à la plus haute", id="désordre"),
        pytest.param([(5, 4, 70), (6, "", 80)], (0, "a"), "avant d’avoir commencé", id="bornes inversées"),
        pytest.param([(5, 15, 70)], (0, "a"), "Rien n’est prévu au-delà de 15", id="pas de dernière tranche"),
        pytest.param([(5, "", 70), (16, "", 210)], (0, "a"), "Seule la dernière", id="sans fin au milieu"),
        pytest.param([(5, 15, 70), (16, "", 60)], (1, "montant"), "baisse", id="montant qui baisse"),
        pytest.param([("", 15, 70)], (0, "de"), "à partir de combien", id="case vide"),
    ],
)
def test_des_tranches_mal_faites_se_disent_sur_leur_case(client, auteur, lignes, case, phrase):
    client.force_login(auteur)

    reponse = proposer(client, "activite", saisie(debut="2026-01-01") | tranches(*lignes))

    rang, champ = case
    (erreur,) = reponse.context["tableau"].forms[rang].errors[champ]
    assert phrase in erreur
    assert erreur in reponse.content.decode()
    assert not Regle.objects.filter(auteur=auteur).exists()


def test_un_bareme_sans_tranche_est_refuse(client, auteur):
    client.force_login(auteur)

    reponse = proposer(client, "activite", saisie(debut="2026-01-01") | tranches())

    assert "Le barème n’a aucune tranche." in reponse.content.decode()


def test_des_tranches_qui_se_suivent_sont_gardees(client, auteur):
    client.force_login(auteur)

    proposer(client, "activite", saisie(debut="2026-01-01") | tranches((5, 15, "70"), (16, "", "210,50")))

    regle = Regle.objects.get(auteur=auteur)
    assert list(regle.tranches.values_list("de", "a", "montant")) == [
        (5, 15, Decimal("70.00")),
        (16, None, Decimal("210.50")),
    ]


def test_un_autre_met_en_vigueur_et_la_regle_d_avant_finit_ce_jour_la(client, auteur, relecteur, snp):
    regle = proposee(auteur)
    client.force_login(relecteur)

    page = geste(client, "activer", regle).content.decode()

    regle.refresh_from_db()
    snp.refresh_from_db()
    assert "en vigueur à partir du 01/04/2027" in page
    assert (regle.etat, regle.relecteur) == (EtatRegle.ACTIVE, relecteur)
    assert snp.fin == AVRIL_2027
    assert [
        r.pk for r in Regle.objects.sur(date(2027, 3, 31), date(2027, 4, 2)) if r.prestation == snp.prestation
    ] == [
        snp.pk,
        regle.pk,
    ]
    assert Trace.objects.get(verbe="regle.activee").details["precedente"] == snp.pk


def test_une_regle_du_meme_jour_remplace_l_autre(auteur, relecteur, snp):
    premiere = actions.activer(proposee(auteur), par=relecteur, maintenant=INSTANT)

    seconde = actions.activer(proposee(auteur, montant=Decimal(25)), par=relecteur, maintenant=INSTANT)

    premiere.refresh_from_db()
    snp.refresh_from_db()
    assert (premiere.etat, seconde.etat, snp.fin) == (EtatRegle.ECARTEE, EtatRegle.ACTIVE, AVRIL_2027)


def test_l_auteur_ne_met_pas_sa_regle_en_vigueur(client, auteur, snp):
    regle = proposee(auteur)
    client.force_login(auteur)

    page = client.get(reverse("bareme:regle", kwargs={"regle_id": regle.pk})).content.decode()
    refus = geste(client, "activer", regle).content.decode()

    assert "Mettre en vigueur" not in page
    assert "une autre personne doit la mettre en vigueur" in refus
    snp.refresh_from_db()
    assert (Regle.objects.get(pk=regle.pk).etat, snp.fin) == (EtatRegle.PROPOSEE, None)


def test_une_periode_close_entre_temps_arrete_la_mise_en_vigueur(auteur, relecteur, snp):
    regle = proposee(auteur, debut=date(2026, 7, 1))
    clore_pour_essai(CalculFactory(periode=PeriodeFactory(code="2026T3")))

    with pytest.raises(RegleRefusee, match="période close"):
        actions.activer(regle, par=relecteur, maintenant=INSTANT)

    snp.refresh_from_db()
    assert snp.fin is None


@pytest.mark.parametrize("qui", ["auteur", "relecteur"])
def test_une_proposition_s_ecarte_une_fois(client, request, auteur, qui):
    regle = proposee(auteur)
    compte = request.getfixturevalue(qui)
    client.force_login(compte)

    geste(client, "ecarter", regle)
    encore = geste(client, "ecarter", regle).content.decode()

    regle.refresh_from_db()
    assert regle.etat == EtatRegle.ECARTEE
    assert regle.relecteur == (None if qui == "auteur" else compte)
    assert "n’est plus une proposition" in encore


def test_seul_un_administrateur_voit_le_bareme(client, auteur):
    regle = proposee(auteur)
    client.force_login(CompteFactory(role="cpam"))

    for adresse in (reverse("bareme:regles"), reverse("bareme:regle", kwargs={"regle_id": regle.pk})):
        assert client.get(adresse).status_code == 404


def executer(requete, *valeurs):
    with transaction.atomic(), connection.cursor() as curseur:
        curseur.execute(requete, valeurs)


@pytest.mark.parametrize(
    ("requete", "valeurs"),
    [
        pytest.param("SET etat='active', relecteur_id=auteur_id, relue_le=now()", (), id="par son auteur"),
        pytest.param("SET etat='active', relecteur_id=NULL, relue_le=now()", (), id="par personne"),
        pytest.param("SET montant=99", (), id="récrite"),
    ],
)
def test_la_base_refuse_qu_une_personne_seule_change_le_bareme(auteur, requete, valeurs):
    regle = proposee(auteur)

    with pytest.raises((IntegrityError, Exception), match=r"regle_|Cannot update"):
        executer(f"UPDATE remuneration_regle {requete} WHERE id=%s", *valeurs, regle.pk)


@pytest.mark.parametrize(
    "requete",
    [
        pytest.param("SET fin='2026-09-01'", id="fin avancée dans la période"),
        pytest.param("SET etat='ecartee'", id="règle écartée"),
    ],
)
def test_la_base_garde_le_bareme_d_une_periode_close(snp, requete):
    clore_pour_essai(CalculFactory(periode=PeriodeFactory(code="2026T3")))

    with pytest.raises(IntegrityError, match="garde son barème"):
        executer(f"UPDATE remuneration_regle {requete} WHERE id=%s", snp.pk)

    executer("UPDATE remuneration_regle SET fin='2026-10-01' WHERE id=%s", snp.pk)
    snp.refresh_from_db()
    assert snp.fin == date(2026, 10, 1)
