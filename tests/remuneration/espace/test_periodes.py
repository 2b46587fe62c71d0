"""Les périodes passées : décomptes, versions et différences, ce que la caisse a reçu."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.urls import reverse

from comptes.enums import Role
from remuneration.enums import Etape, MotifActe, NatureExport, Prestation
from remuneration.models import Regle, Succession
from sas_platform.socle.tableurs import en_csv
from tests.annuaire.factories import EffecteurFactory
from tests.comptes.factories import CompteFactory
from tests.remuneration.factories import (
    INSTANT,
    ActeFactory,
    CalculFactory,
    ContestationFactory,
    DecompteFactory,
    ExportFactory,
    PeriodeFactory,
    RegleFactory,
    clore_pour_essai,
)

pytestmark = pytest.mark.usefixtures("regles_semees")
REMIS = datetime(2026, 11, 10, 9, tzinfo=UTC)


@pytest.fixture
def regle(db):
    return RegleFactory(tranches=[(5, 15, 70), (16, None, 210)])


def semee(prestation):
    """La règle que sème la migration, aujourd’hui en vigueur."""
    return Regle.objects.get(prestation=prestation, fin=None)


def lire(client, code="", qui="moi"):
    route, arguments = ("periode", {"qui": qui, "code": code}) if code else ("periodes", {"qui": qui})
    return client.get(reverse(f"ma_participation:{route}", kwargs=arguments))


def page(client, code="", qui="moi"):
    return re.sub(r"[ \n]+", " ", lire(client, code, qui).content.decode())


def clos(effecteur, regle, **decompte):
    calcul = CalculFactory()
    DecompteFactory(calcul=calcul, effecteur=effecteur, regle=regle, **decompte)
    return clore_pour_essai(calcul)


def remettre(calcul, **champs):
    return ExportFactory(calcul=calcul, valide_le=INSTANT, valide_par=CompteFactory(role=Role.CPAM), **champs)


def test_une_periode_close_dit_ce_qui_est_du_et_par_quelle_regle(medecin, effecteur, regle):
    clos(
        effecteur,
        regle,
        nombre=16,
        montant=Decimal(210),
        conditions={"sas_ouvert": [True, "Un SAS fonctionne."]},
        preuve={"actes": 20, "motifs": {"compte": 16, "pas_venu": 4}, "tranche": {"de": 16, "a": None}},
    )

    lue = page(medecin, "2026T3")

    assert "3e trimestre 2026" in lue
    assert "<strong>210\u00a0€</strong>" in lue
    assert "16\u00a0actes comptés" in lue
    assert "16 actes et plus" in lue
    assert "Un SAS fonctionne." in lue
    assert "16 «\u00a0Compté\u00a0», 4 «\u00a0Patient non venu\u00a0»" in lue
    assert "de 5 à 15 actes, 70\u00a0€" in lue
    assert "texte d’essai, article 1er" in lue
    assert "Encore" not in lue


def test_les_majorations_ne_s_ajoutent_pas_a_ce_que_verse_la_caisse(medecin, effecteur, regle):
    calcul = CalculFactory()
    DecompteFactory(calcul=calcul, effecteur=effecteur, regle=regle)
    majoration = semee(Prestation.MAJORATION_SNP)
    DecompteFactory(calcul=calcul, effecteur=effecteur, regle=majoration, montant=Decimal(105))
    clore_pour_essai(calcul)

    lue = page(medecin, "2026T3")

    assert "Dû par la caisse\u00a0: 70\u00a0€" in lue
    assert "105\u00a0€" in lue
    assert "70\u00a0€" in page(medecin)


def test_la_preuve_du_forfait_annuel_se_lit_en_mots(medecin, effecteur):
    calcul = CalculFactory(periode__code="2026")
    DecompteFactory(
        calcul=calcul,
        effecteur=effecteur,
        regle=semee(Prestation.PARTICIPATION),
        nombre=40,
        montant=Decimal(0),
        est_du=False,
        conditions={
            "montre": [False, "2 semaines sous le temps demandé."],
            "mode": [False, "Mode non prévu."],
        },
        preuve={
            "jour": "2026-12-31",
            "declarations": [
                {"le": "2026-01-01T08:00:00+00:00", "participe": True, "mode": "cpts"},
                {"le": "2026-06-01T08:00:00+00:00", "participe": False, "mode": None},
            ],
            "courtes": [{"semaine": "2026-03-02", "minutes": 90}, {"semaine": "2026-03-09", "minutes": None}],
            "minutes_min": 90,
            "inattendue": "valeur",
        },
    )

    lue = page(medecin, "2026")

    assert "31 décembre 2026" in lue
    assert "le 1er janvier 2026, participe (via une cpts)" in lue.lower()
    assert "le 1er juin 2026, ne participe pas" in lue
    assert "semaine du 2 mars 2026, 1\u00a0h\u00a030\u00a0; semaine du 9 mars 2026, aucun relevé" in lue
    assert "Inattendue" in lue
    assert "Mode de participation admis" in lue
    assert "Condition manquante" in lue


def test_une_periode_provisoire_le_dit_et_ne_se_conteste_pas(medecin, effecteur, regle):
    DecompteFactory(calcul=CalculFactory(), effecteur=effecteur, regle=regle)

    lue = page(medecin, "2026T3")

    assert "Ce calcul est provisoire" in lue
    assert "Contester" not in lue
    assert "pas encore clos" in page(medecin)


def test_un_calcul_inacheve_ne_se_montre_pas(medecin, effecteur, regle):
    DecompteFactory(calcul=CalculFactory(etape=Etape.ACTES), effecteur=effecteur, regle=regle)

    assert lire(medecin, "2026T3").status_code == 404
    assert "Aucune période n’a encore été calculée" in page(medecin)


def test_n_avoir_aucun_decompte_se_voit_et_se_conteste(medecin, regle):
    clos(EffecteurFactory(), regle)

    lue = page(medecin, "2026T3")

    assert "Aucun décompte à ce nom" in lue
    assert "Rien n’est encore parti à la caisse." in lue
    assert "Contester ce décompte" in lue
    assert "Aucun décompte" in page(medecin)


def test_un_rectificatif_dit_ce_qui_change_et_pourquoi(medecin, effecteur, regle):
    premier = CalculFactory()
    DecompteFactory(calcul=premier, effecteur=effecteur, regle=regle, nombre=15, montant=Decimal(70))
    commun = {"effecteur": effecteur, "numero": 77, "jour": date(2026, 7, 17)}
    ActeFactory(calcul=premier, motif=MotifActe.ISSUE_INCONNUE, **commun)
    inchange = ActeFactory(calcul=premier, effecteur=effecteur, jour=date(2026, 8, 1))
    clore_pour_essai(premier)
    second = CalculFactory(version=2, motif="Issues dites après la clôture")
    DecompteFactory(calcul=second, effecteur=effecteur, regle=regle, nombre=16, montant=Decimal(210))
    ActeFactory(calcul=second, motif=MotifActe.COMPTE, **commun)
    ActeFactory(calcul=second, effecteur=effecteur, numero=inchange.numero, jour=date(2026, 8, 1))
    clore_pour_essai(second)

    lue = page(medecin, "2026T3")

    assert "Motif\u00a0: Issues dites après la clôture" in lue
    assert "15 → 16, 70\u00a0€ → 210\u00a0€ (différence\u00a0: 140\u00a0€)" in lue
    assert "Acte du 17 juillet 2026\u00a0: Issue pas encore dite → Compté" in lue
    assert "1er août" not in lue
    assert "version 2 (rectificative)" in page(medecin)


def test_un_rectificatif_en_preparation_s_annonce_sans_se_montrer(medecin, effecteur, regle):
    clos(effecteur, regle, nombre=7)
    DecompteFactory(
        calcul=CalculFactory(version=2, motif="Erreur"), effecteur=effecteur, regle=regle, nombre=99
    )

    lue = page(medecin, "2026T3")

    assert "Un calcul rectificatif est en préparation." in lue
    assert "99" not in re.sub(r"<[^>]*>", "", lue.split("<main")[1])


def ecrire(*rangees):
    """Un fichier gardé, sur les colonnes « identifiant » et « montant »."""
    return en_csv(["identifiant", "montant"], rangees)


def test_ce_que_la_caisse_a_recu_se_lit_cellule_pour_cellule(medecin, effecteur, regle):
    calcul = clos(effecteur, regle)
    contenu = ecrire(("RPPS:1", "=12"), ("RPPS:2", "999"), ("RPPS:1", "34,50"))
    cles = [effecteur.pk, EffecteurFactory().pk, effecteur.pk]
    remettre(calcul, nom="activite.csv", empreinte="ab" * 32, remis_le=REMIS, contenu=contenu, cles=cles)

    lue = page(medecin, "2026T3")

    assert "Fichier\u00a0: activite.csv" in lue
    assert "ab" * 32 in lue
    assert "Retiré par la caisse le 10 novembre 2026 à 10\u00a0h." in lue
    assert "2 lignes à ce nom, telles que le fichier les porte" in lue
    assert '<th scope="row">montant</th> <td>&#x27;=12</td> <td>34,50</td>' in lue
    assert "999" not in lue
    assert "Rien n’y a été rectifié à ce nom." in lue


def test_un_fichier_ou_il_n_est_pas_ou_pas_encore_valide_ne_se_montre_pas(medecin, effecteur, regle, lieu):
    calcul = clos(effecteur, regle)
    sien = {"contenu": ecrire(("RPPS:1", "12")), "cles": [effecteur.pk]}
    ExportFactory(calcul=calcul, nom="pas_valide.csv", **sien)

    lue = page(medecin, "2026T3")

    assert "pas_valide" not in lue
    assert "Rien n’est encore parti à la caisse." in lue

    autre = {"contenu": ecrire(("RPPS:2", "999")), "cles": [EffecteurFactory().pk]}
    remettre(calcul, nom="sans_lui.csv", nature=NatureExport.PARTICIPANTS, **autre)

    lue = page(medecin, "2026T3")

    assert "sans_lui" not in lue
    assert "Rien à ce nom dans les fichiers de la caisse." in lue


def test_participer_sans_aucun_acte_se_lit_aussi_dans_le_fichier(medecin, effecteur, regle):
    """Un participant est dans le fichier du trimestre, même si aucune prestation ne lui revient."""
    calcul = clos(EffecteurFactory(), regle)
    sien = {"contenu": ecrire(("RPPS:1", "")), "cles": [effecteur.pk]}
    remettre(calcul, nature=NatureExport.PARTICIPANTS, **sien)

    lue = page(medecin, "2026T3")

    assert "1 ligne à ce nom, telle que le fichier la porte" in lue
    assert "pas encore retiré par la caisse" in lue


def test_un_fichier_rectifie_le_dit_et_son_rectificatif_aussi(medecin, effecteur, regle):
    sien = {"contenu": ecrire(("RPPS:1", "70")), "cles": [effecteur.pk]}
    premier = remettre(clos(effecteur, regle), remis_le=REMIS, **sien)
    suivant = clore_pour_essai(CalculFactory(version=2, motif="Issues tardives"))
    remettre(suivant, rectifie=premier, **sien)

    lue = page(medecin, "2026T3")

    assert "Rectifié par le fichier de la version 2." in lue
    assert "Activité, version 2\u00a0: rectificatif, les seules différences" in lue
    assert "Rien n’y a été rectifié" not in lue


def test_les_lignes_d_un_ancien_identifiant_suivent(medecin, effecteur, regle):
    ancien = EffecteurFactory(adeli=True, est_actif=False)
    Succession.objects.create(ancien=ancien, nouveau=effecteur, le=INSTANT)
    remettre(clos(ancien, regle), contenu=ecrire(("ADELI:1", "70")), cles=[ancien.pk])

    assert "<td>ADELI:1</td>" in page(medecin, "2026T3")


def test_les_periodes_d_un_ancien_identifiant_suivent(medecin, effecteur, regle):
    ancien = EffecteurFactory(adeli=True, est_actif=False)
    Succession.objects.create(ancien=ancien, nouveau=effecteur, le=INSTANT)
    clos(ancien, regle, nombre=9)

    assert "9\u00a0actes comptés" in page(medecin, "2026T3")


def test_l_etat_de_la_contestation_se_voit_de_la_liste(medecin, effecteur, regle):
    ContestationFactory(effecteur=effecteur, periode=clos(effecteur, regle).periode)

    assert "Contestation\u00a0: En attente de la caisse" in page(medecin)
    assert "Contester ce décompte" not in page(medecin, "2026T3")


def test_la_responsable_ne_voit_que_les_decomptes_de_sa_structure(
    client, responsable, association, effecteur
):
    calcul = CalculFactory()
    forfait = semee(Prestation.PARTICIPATION)
    DecompteFactory(calcul=calcul, effecteur=effecteur, regle=forfait, montant=Decimal(1000))
    DecompteFactory(
        calcul=calcul, effecteur=None, structure=association, regle=forfait, nombre=6, montant=Decimal(6000)
    )
    clore_pour_essai(calcul)
    client.force_login(responsable)

    lue = page(client, "2026T3", qui=f"structure-{association.pk}")

    assert "6\u00a0000\u00a0€" in lue
    assert "6\u00a0médecins" in lue
    assert "<strong>1\u00a0000\u00a0€" not in lue


@pytest.mark.parametrize("code", ["2026T4", "2026T5", "2026", "abc"])
def test_une_periode_inconnue_n_existe_pas(medecin, effecteur, regle, code):
    clos(effecteur, regle)

    assert lire(medecin, code).status_code == 404


def test_les_periodes_d_un_autre_n_existent_pas(client, etrangers, effecteur, regle, association):
    clos(effecteur, regle, montant=Decimal(70))
    for compte in etrangers[1:]:
        client.force_login(compte)
        assert lire(client, "2026T3").status_code == 404
    for compte in etrangers:
        client.force_login(compte)
        assert lire(client, "2026T3", qui=f"structure-{association.pk}").status_code == 404
    client.force_login(etrangers[0])
    assert "Aucun décompte à ce nom" in page(client, "2026T3")


def test_le_nombre_de_requetes_ne_suit_pas_les_periodes(medecin, effecteur, regle, compter_requetes):
    clos(effecteur, regle)
    lire(medecin)
    avec_une = compter_requetes(lambda: lire(medecin))
    for code in ("2026T2", "2026T1", "2025T4"):
        calcul = CalculFactory(periode=PeriodeFactory(code=code))
        DecompteFactory(calcul=calcul, effecteur=effecteur, regle=regle)
        clore_pour_essai(calcul)

    assert compter_requetes(lambda: lire(medecin)) == avec_une


def test_l_unite_d_un_compte_suit_sa_prestation(medecin, effecteur):
    calcul = CalculFactory()
    DecompteFactory(
        calcul=calcul,
        effecteur=effecteur,
        regle=semee(Prestation.MAJORATION_VISITE),
        nombre=1,
        montant=Decimal(10),
    )

    assert "1\u00a0acte ouvrant droit à majoration" in page(medecin, "2026T3")
