"""Les preuves à emporter : un PDF balisé, deux CSV ; exacts, relus par d’autres que ceux qui les écrivent."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse
from pypdf import PdfReader

from agenda.models import ReleveHebdomadaire
from remuneration.espace import pdf
from tests.remuneration.calcul.monde import declarer, orienter, sas_ouvert
from tests.remuneration.factories import (
    ActeFactory,
    CalculFactory,
    DecompteFactory,
    RegleFactory,
    clore_pour_essai,
)

INJECTION = "=HYPERLINK(1) #strong[gras] *étoile* $x$ « fin »"
pytestmark = pytest.mark.usefixtures("regles_semees", "horloge")


@pytest.fixture
def calcul(effecteur):
    """Un trimestre clos : deux actes, sept comptés au décompte, une règle qui tente d’être une formule."""
    calcul = CalculFactory()
    regle = RegleFactory(tranches=[(5, 15, 70), (16, None, 210)], source=INJECTION)
    DecompteFactory(
        calcul=calcul,
        effecteur=effecteur,
        regle=regle,
        conditions={"sas_ouvert": [True, "Un SAS fonctionne."]},
        preuve={"actes": 9},
    )
    calcul.regles.add(regle)
    ActeFactory(calcul=calcul, effecteur=effecteur, numero=12)
    ActeFactory(
        calcul=calcul,
        effecteur=effecteur,
        numero=11,
        debut=datetime(2026, 7, 20, 16, 5, tzinfo=UTC),
        jour=date(2026, 7, 20),
        semaine=date(2026, 7, 20),
        issue="pas_venu",
        motif="pas_venu",
        majorations=[],
        rang=None,
    )
    ReleveHebdomadaire.objects.create(
        effecteur=effecteur,
        semaine=date(2026, 7, 13),
        minutes=90,
        seuil_min=120,
        releve_le=datetime(2026, 7, 20, 4, tzinfo=UTC),
    )
    return clore_pour_essai(calcul)


def prendre(client, quoi, code="2026T3", qui="moi"):
    return client.get(reverse(f"ma_participation:{quoi}", kwargs={"qui": qui, "code": code}))


def lignes(reponse):
    contenu = reponse.content
    assert contenu.startswith(b"\xef\xbb\xbf")
    assert contenu.count(b"\r\n") == contenu.count(b"\n")
    return list(csv.DictReader(io.StringIO(contenu.decode("utf-8-sig"), newline=""), delimiter=";"))


def texte(reponse):
    lu = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(reponse.content)).pages)
    return re.sub(r"[ \n]+", " ", lu)


def test_le_csv_des_actes_a_une_ligne_par_acte_dans_l_ordre(medecin, calcul):
    reponse = prendre(medecin, "actes_csv")

    premier, second = lignes(reponse)
    assert reponse["Content-Disposition"] == 'attachment; filename="actes-sas-2026T3.csv"'
    assert (premier["Jour"], premier["Heure"], premier["Semaine du"]) == ("2026-07-17", "09:00", "2026-07-13")
    assert (premier["Compté"], premier["Issue"], premier["Numéro"]) == ("oui", "Patient venu", "12")
    assert (second["Jour"], second["Heure"]) == ("2026-07-20", "18:05")
    assert (second["Compté"], second["Motif"]) == ("non", "Patient non venu")
    assert second["Rang dans la semaine"] == ""


def test_le_csv_des_decomptes_dit_le_montant_les_conditions_et_la_regle(medecin, calcul):
    faits = {
        (ligne["Sujet"], ligne["Libellé"]): ligne["Valeur"]
        for ligne in lignes(prendre(medecin, "preuves_csv"))
    }

    assert faits["Décompte", "Montant (€)"] == "70,00"
    assert faits["Décompte", "Nombre"] == "7"
    assert faits["Condition", "Constat"] == "Un SAS fonctionne."
    assert faits["Preuve", "Actes relevés"] == "9"
    assert faits["Règle appliquée", "Tranches"].startswith("de 5 à 15 actes, 70\u00a0€")
    assert faits["Heures montrées", "2026-07-13"] == "1\u00a0h\u00a030 sur 2\u00a0h"


def test_un_tableur_n_y_execute_rien(medecin, calcul):
    sources = [
        ligne["Valeur"] for ligne in lignes(prendre(medecin, "preuves_csv")) if ligne["Libellé"] == "Texte"
    ]

    assert sources == [f"'{INJECTION}"]


def test_le_pdf_porte_titre_langue_et_balises(medecin, calcul):
    reponse = prendre(medecin, "preuves_pdf")

    lu = PdfReader(io.BytesIO(reponse.content))
    racine = lu.trailer["/Root"]
    assert reponse["Content-Type"] == "application/pdf"
    assert lu.metadata.title == "Preuves de participation au SAS\u00a0: 3e trimestre 2026"
    assert racine["/Lang"] == "fr-FR"
    assert racine["/MarkInfo"]["/Marked"]
    assert {"/H1", "/Table", "/TH", "/TD"} <= set(_roles(racine["/StructTreeRoot"]))
    assert b"pdfuaid" in racine["/Metadata"].get_data()


def _roles(noeud):
    """Les rôles de l’arbre des balises, en profondeur."""
    noeud = noeud.get_object()
    if "/S" in noeud:
        yield noeud["/S"]
    enfants = noeud.get("/K", [])
    for enfant in enfants if isinstance(enfants, list) else [enfants]:
        if hasattr(enfant.get_object(), "get"):
            yield from _roles(enfant)


def test_le_pdf_dit_les_memes_chiffres_que_l_ecran(medecin, calcul, effecteur):
    lu = texte(prendre(medecin, "preuves_pdf"))

    for attendu in (
        effecteur.identifiant_national,
        "70\u00a0€",
        "7\u00a0actes comptés",
        "Un SAS fonctionne.",
        "17/07/2026",
        "18\u00a0h\u00a005",
        "Patient non venu",
        "1\u00a0h\u00a030",
        "Version 1, close le 2 novembre 2026",
    ):
        assert attendu in lu


def test_un_texte_de_la_base_n_est_jamais_lu_comme_du_balisage(medecin, calcul):
    assert INJECTION in texte(prendre(medecin, "preuves_pdf"))


def test_le_meme_contenu_donne_les_memes_octets(medecin, calcul):
    assert prendre(medecin, "preuves_pdf").content == prendre(medecin, "preuves_pdf").content
    assert prendre(medecin, "actes_csv").content == prendre(medecin, "actes_csv").content


@pytest.mark.parametrize("quoi", ["preuves_pdf", "preuves_csv", "actes_csv"])
def test_le_trimestre_et_l_annee_en_cours_s_emportent_aussi(medecin, lieu, quoi):
    sas_ouvert(lieu.commune.departement)
    declarer(lieu.effecteur, le=datetime(2026, 1, 1, tzinfo=UTC))
    orienter(lieu, datetime(2026, 3, 16, 9, tzinfo=UTC))

    assert prendre(medecin, quoi, code="2026T1").status_code == 200
    assert prendre(medecin, quoi, code="2026").status_code == 200


def test_les_majorations_au_dela_du_plafond_sont_a_part(medecin, lieu):
    sas_ouvert(lieu.commune.departement)
    declarer(lieu.effecteur)
    for rang in range(31):
        orienter(lieu, datetime(2026, 3, 16, 7, tzinfo=UTC) + timedelta(minutes=5 * rang))

    lues = lignes(prendre(medecin, "actes_csv", code="2026T1"))

    assert [ligne["Montant des majorations (€)"] for ligne in lues] == ["15,00"] * 30 + ["0"]
    assert lues[-1]["Majorations au-delà du plafond"].startswith("Majoration de soins non programmés")


@pytest.mark.parametrize("quoi", ["preuves_pdf", "preuves_csv", "actes_csv"])
def test_les_preuves_d_un_autre_n_existent_pas(client, calcul, etrangers, association, quoi):
    for compte in etrangers[1:]:
        client.force_login(compte)
        assert prendre(client, quoi).status_code == 404
        assert prendre(client, quoi, qui=f"structure-{association.pk}").status_code == 404


@pytest.mark.parametrize("code", ["2024T1", "2026T9", "x", "2027"])
def test_une_periode_inconnue_n_a_pas_de_preuves(medecin, calcul, code):
    assert prendre(medecin, "preuves_pdf", code=code).status_code == 404


def test_un_long_releve_tient_sur_plusieurs_pages_et_repete_ses_entetes():
    rangees = [[str(n), "oui"] for n in range(400)]

    produit = pdf.en_pdf("Essai", "Pied", [pdf.tableau("Actes", ("Numéro", "Compté"), rangees, (1, 1))])

    pages = PdfReader(io.BytesIO(produit)).pages
    assert len(pages) > 5
    assert all("Numéro" in page.extract_text() for page in pages)
    assert f"Page 1 sur {len(pages)}" in pages[0].extract_text()
