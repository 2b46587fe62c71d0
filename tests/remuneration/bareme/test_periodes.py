"""Ouvrir, calculer, clore et rectifier une période depuis l’administration du barème."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from comptes.models import Trace
from remuneration.bareme import actions
from remuneration.enums import Etape, Prestation
from remuneration.models import Calcul, Regle
from remuneration.tasks import calculer_etape
from tests.comptes.factories import CompteFactory
from tests.remuneration.factories import CalculFactory, DecompteFactory, PeriodeFactory, clore_pour_essai

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrateur(client):
    compte = CompteFactory(administrateur=True)
    client.force_login(compte)
    return compte


def adresse(nom, code="2026T3"):
    return reverse(f"bareme:{nom}", kwargs={"code": code})


@pytest.fixture
def en_file(monkeypatch):
    lances = []
    monkeypatch.setattr(calculer_etape, "delay", lambda **arguments: lances.append(arguments))
    return lances


def test_un_trimestre_s_ouvre_se_calcule_et_se_clot(
    client, administrateur, en_file, django_capture_on_commit_callbacks
):
    client.post(reverse("bareme:periodes"), {"code": "2026t3"})
    with django_capture_on_commit_callbacks(execute=True):
        client.post(adresse("calculer"))
    calcul = Calcul.objects.get()
    assert en_file == [{"calcul_id": calcul.pk}]

    while en_file:
        calculer_etape(**en_file.pop())
    assert "Clore la version 1" in client.get(adresse("periode")).content.decode()
    client.post(adresse("clore"), {"cloture-confirme": "on"})

    calcul.refresh_from_db()
    assert (calcul.etape, calcul.clos_par) == (Etape.CLOS, administrateur)
    verbes = ["remuneration.ouverte", "remuneration.calcul_lance", "remuneration.close"]
    assert (
        list(Trace.objects.filter(objet=f"calcul:{calcul.pk}").order_by("pk").values_list("verbe", flat=True))
        == verbes
    )


@pytest.mark.parametrize(
    ("code", "phrase"),
    [
        pytest.param("2026T5", "Écrivez un trimestre", id="trimestre inconnu"),
        pytest.param("2019", "aucune règle", id="avant toute règle"),
    ],
)
def test_une_periode_impossible_s_explique_sur_le_champ(client, administrateur, code, phrase):
    reponse = client.post(reverse("bareme:periodes"), {"code": code})

    assert phrase in " ".join(reponse.context["form"].errors["code"])
    assert not Calcul.objects.exists()


def test_clore_demande_une_confirmation(client, administrateur):
    calcul = CalculFactory()

    reponse = client.post(adresse("clore"))

    assert "confirme" in reponse.context["cloture"].errors
    calcul.refresh_from_db()
    assert calcul.etape == Etape.FAIT


def test_un_rectificatif_a_un_motif_et_garde_les_regles_d_alors(client, administrateur):
    premier = CalculFactory()
    snp = Regle.objects.get(prestation=Prestation.MAJORATION_SNP)
    premier.regles.set([snp])
    clore_pour_essai(premier)
    muet = client.post(adresse("rectifier"), {"rectificatif-motif": " "})
    assert "motif" in muet.context["rectificatif"].errors

    client.post(adresse("rectifier"), {"rectificatif-motif": "Issues tardives."})

    second = Calcul.objects.get(version=2)
    assert (second.motif, list(second.regles.all())) == ("Issues tardives.", [snp])
    assert "Rectifier" not in client.get(adresse("periode")).content.decode()


def test_une_periode_close_ne_se_recalcule_pas(client, administrateur, en_file):
    clore_pour_essai(CalculFactory())

    page = client.post(adresse("calculer"), follow=True).content.decode()

    assert "une correction est un rectificatif" in page
    assert en_file == []


def test_changer_une_regle_ensuite_ne_change_pas_la_periode_close(administrateur):
    snp = Regle.objects.get(prestation=Prestation.MAJORATION_SNP)
    calcul = CalculFactory()
    calcul.regles.set([snp])
    decompte = DecompteFactory(calcul=calcul, regle=snp, nombre=2, montant=30)
    clore_pour_essai(calcul)
    proposee = actions.proposer(
        prestation=Prestation.MAJORATION_SNP,
        champs={
            "debut": date(2026, 10, 1),
            "montant": Decimal(20),
            "modes": ["individuel"],
            "source": "Texte.",
        },
        par=CompteFactory(administrateur=True),
        maintenant=datetime(2026, 11, 1, tzinfo=UTC),
    )

    actions.activer(proposee, par=administrateur, maintenant=datetime(2026, 11, 2, tzinfo=UTC))

    snp.refresh_from_db()
    decompte.refresh_from_db()
    assert (snp.fin, snp.montant, decompte.montant) == (date(2026, 10, 1), 15, 30)
    assert list(calcul.regles.all()) == [snp]


def test_la_base_garde_a_un_calcul_clos_ses_regles():
    snp = Regle.objects.get(prestation=Prestation.MAJORATION_SNP)
    calcul = CalculFactory()
    calcul.regles.set([snp])
    clore_pour_essai(calcul)

    for geste in (calcul.regles.clear, lambda: calcul.regles.add(Regle.objects.exclude(pk=snp.pk).first())):
        with pytest.raises(IntegrityError, match="garde ses règles"), transaction.atomic():
            geste()

    assert list(calcul.regles.all()) == [snp]


def test_la_page_dit_les_totaux_de_chaque_version(client, administrateur):
    calcul = CalculFactory()
    DecompteFactory.create_batch(
        2, calcul=calcul, regle=Regle.objects.get(prestation=Prestation.MAJORATION_SNP)
    )

    versions = client.get(adresse("periode")).context["versions"]

    (total,) = versions[0].totaux
    assert (total.beneficiaires, total.dus, total.montant) == (2, 2, 140)


def test_une_autre_personne_n_ouvre_ni_ne_clot(client):
    PeriodeFactory()
    client.force_login(CompteFactory(role="cpam"))

    for nom in ("calculer", "clore", "rectifier"):
        assert client.post(adresse(nom)).status_code == 404
