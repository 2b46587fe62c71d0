"""Le relevé acte par acte : compté ou non et pourquoi, majorations, filtre, pages, issue à dire."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from comptes.models import Trace
from orientation.models import IssueOrientation, Orientation
from remuneration.enums import MotifActe
from tests.annuaire.factories import EffecteurFactory, LieuExerciceFactory
from tests.remuneration.calcul.monde import declarer, orienter, reorienter, sas_ouvert
from tests.remuneration.factories import ActeFactory, CalculFactory, clore_pour_essai

# L’horloge des tests est arrêtée au mardi 17 mars 2026, 9 h à Paris.
LUNDI = datetime(2026, 3, 16, 9, tzinfo=UTC)
SEMAINE = timedelta(days=7)
pytestmark = pytest.mark.usefixtures("regles_semees", "horloge")


@pytest.fixture
def participant(lieu):
    sas_ouvert(lieu.commune.departement)
    declarer(lieu.effecteur)
    return lieu


def lire(client, qui="moi", **filtres):
    return client.get(reverse("ma_participation:actes", kwargs={"qui": qui}), filtres)


def page(client, **options):
    return re.sub(r"[ \n]+", " ", lire(client, **options).content.decode())


def dire(client, orientation, issue="venu", qui="moi", filtre=""):
    adresse = reverse("ma_participation:issue", kwargs={"qui": qui, "uuid": orientation.uuid})
    return client.post(adresse + filtre, {"issue": issue})


def test_un_acte_dit_sa_date_son_type_et_ce_qu_il_permet_de_coter(medecin, participant):
    orienter(participant, datetime(2026, 3, 13, 18, 30, tzinfo=UTC))

    lue = page(medecin)

    assert "Vendredi 13 mars 2026 à 19\u00a0h\u00a030" in lue
    assert "Régulation, en sus des disponibilités" in lue
    assert "Patient venu" in lue
    assert "À coter\u00a0: Majoration de soins non programmés, +15\u00a0€" in lue
    assert "À coter\u00a0: Majoration de soirée, +5\u00a0€" in lue
    assert "1 acte compté" in lue


def test_l_heure_est_celle_du_lieu(medecin, effecteur):
    a_la_reunion = LieuExerciceFactory(effecteur=effecteur, reunion=True)
    sas_ouvert(a_la_reunion.commune.departement)
    declarer(effecteur)
    orienter(a_la_reunion, datetime(2026, 3, 13, 21, tzinfo=UTC))

    assert "Samedi 14 mars 2026 à 1\u00a0h" in page(medecin)


@pytest.mark.parametrize(
    ("issue", "motif"),
    [
        pytest.param("pas_venu", "Patient non venu", id="pas venu"),
        pytest.param("", "Issue pas encore dite", id="issue inconnue"),
    ],
)
def test_un_acte_non_compte_dit_pourquoi(medecin, participant, issue, motif):
    orienter(participant, LUNDI, issue=issue)

    lue = page(medecin)

    assert "Non compté</span> " + motif in lue
    assert "0 acte compté" in lue


def test_une_reorientation_des_urgences_est_remuneree_ailleurs(medecin, participant):
    reorienter(participant, LUNDI)

    assert "un autre dispositif la rémunère" in page(medecin)


def test_au_dela_du_plafond_un_acte_ne_se_cote_plus(medecin, participant):
    for rang in range(31):
        orienter(participant, LUNDI + timedelta(minutes=10 * rang))

    lue = page(medecin, semaine="2026-03-18")

    assert "<strong>31 majorations sur 30</strong>" in lue
    assert "Plafond passé" in lue
    assert lue.count("au-delà du plafond de la semaine") == 1


def test_le_filtre_ne_garde_que_la_semaine_et_survit_aux_pages(medecin, participant):
    for rang in range(21):
        orienter(participant, LUNDI + timedelta(minutes=10 * rang))
    orienter(participant, LUNDI - SEMAINE)

    lue = page(medecin, semaine="2026-03-18")

    assert "lundi 9 mars" not in lue.lower()
    assert "sur 21 relevés" in lue
    assert "1 sur 2" in lue
    assert "semaine=2026-03-18&amp;page=2" in lue


@pytest.mark.parametrize("semaine", ["", "hier", "2026-02-30", "0001-01-01", "9999-12-31"])
def test_une_semaine_illisible_ou_vide_ne_fait_pas_panne(medecin, participant, semaine):
    orienter(participant, LUNDI)

    assert lire(medecin, semaine=semaine).status_code == 200


@pytest.mark.parametrize("periode", ["2025T4", "2026T9", "2030", "x", "../../"])
def test_une_periode_inconnue_n_existe_pas(medecin, participant, periode):
    assert lire(medecin, periode=periode).status_code == 404


def test_une_periode_close_montre_ses_actes_tels_qu_arretes(medecin, effecteur):
    calcul = CalculFactory(periode__code="2025T4")
    ActeFactory(calcul=calcul, effecteur=effecteur, motif=MotifActe.DOUBLON, majorations=[], rang=None)
    ActeFactory(calcul=calcul, motif=MotifActe.SAS_FERME)
    clore_pour_essai(calcul)

    lue = page(medecin, periode="2025T4")

    assert "versée aussi par un autre outil" in lue
    assert "sur 1 relevé" in lue
    assert "Version 1, close le" in lue


def test_dire_l_issue_manquante_compte_l_acte_et_revient_ou_l_on_etait(medecin, participant, compte):
    orientation = orienter(participant, LUNDI, issue="")
    assert str(orientation.uuid) in page(medecin)

    reponse = dire(medecin, orientation, filtre="?semaine=2026-03-16&page=1")

    assert reponse.url.endswith("/actes/?semaine=2026-03-16&page=1")
    assert IssueOrientation.objects.get().acteur == compte
    assert Trace.objects.filter(verbe="orientation.issue").exists()
    assert "1 acte compté" in page(medecin)
    assert str(orientation.uuid) not in page(medecin)


def test_dire_deux_fois_la_meme_issue_n_en_garde_qu_une(medecin, participant):
    orientation = orienter(participant, LUNDI, issue="")

    dire(medecin, orientation)
    dire(medecin, orientation)

    assert IssueOrientation.objects.count() == 1


def test_une_issue_se_dit_encore_pour_le_trimestre_precedent_pas_avant(medecin, participant):
    recente = orienter(participant, datetime(2025, 10, 2, 9, tzinfo=UTC), issue="")
    ancienne = orienter(participant, datetime(2025, 9, 30, 9, tzinfo=UTC), issue="")

    assert dire(medecin, recente).status_code == 302
    assert dire(medecin, ancienne).status_code == 404
    assert IssueOrientation.objects.get().orientation == recente


def test_dite_apres_la_cloture_elle_attend_un_rectificatif_et_la_page_le_dit(medecin, participant):
    recente = orienter(participant, datetime(2025, 10, 2, 9, tzinfo=UTC), issue="")
    clore_pour_essai(CalculFactory(periode__code="2025T4"))

    dire(medecin, recente)

    assert "un rectificatif en tiendra compte" in page(medecin)


@pytest.mark.parametrize("issue", ["", "guéri", "VENU"])
def test_une_issue_inconnue_est_refusee(medecin, participant, issue):
    dire(medecin, orienter(participant, LUNDI, issue=""), issue=issue)

    assert not IssueOrientation.objects.exists()


def test_un_rendez_vous_a_venir_ou_annule_n_a_pas_d_issue(medecin, participant):
    a_venir = orienter(participant, datetime(2026, 3, 17, 15, tzinfo=UTC), issue="")
    annulee = orienter(participant, LUNDI, issue="")
    Orientation.objects.filter(pk=annulee.pk).update(annulee_le=LUNDI)

    assert dire(medecin, a_venir).status_code == 404
    assert dire(medecin, annulee).status_code == 404


def test_l_issue_d_un_autre_ne_se_dit_pas(medecin, client, participant, etrangers):
    ailleurs = orienter(LieuExerciceFactory(effecteur=EffecteurFactory()), LUNDI, issue="")
    assert dire(medecin, ailleurs).status_code == 404

    sienne = orienter(participant, LUNDI, issue="")
    for compte in etrangers:
        client.force_login(compte)
        assert dire(client, sienne).status_code == 404
        assert lire(client, qui="structure-1").status_code == 404
    assert not IssueOrientation.objects.exists()


def test_une_orientation_inconnue_n_existe_pas(medecin):
    adresse = reverse("ma_participation:issue", kwargs={"qui": "moi", "uuid": uuid4()})

    assert medecin.post(adresse, {"issue": "venu"}).status_code == 404
    assert medecin.get(adresse).status_code == 405


def test_la_responsable_lit_les_actes_de_son_point_fixe_et_dit_leur_issue(client, responsable, association):
    point_fixe = LieuExerciceFactory(de_structure=True, structure=association)
    sas_ouvert(point_fixe.commune.departement)
    declarer(association)
    orientation = orienter(point_fixe, LUNDI, issue="")
    client.force_login(responsable)
    qui = f"structure-{association.pk}"

    dire(client, orientation, qui=qui)

    assert "1 acte compté" in page(client, qui=qui)


def test_le_nombre_de_requetes_ne_suit_pas_les_actes(medecin, participant, compter_requetes):
    orienter(participant, LUNDI, issue="")
    lire(medecin)
    avec_un = compter_requetes(lambda: lire(medecin))
    for rang in range(1, 12):
        orienter(participant, LUNDI + timedelta(minutes=10 * rang), issue="" if rang % 2 else "venu")

    assert compter_requetes(lambda: lire(medecin)) == avec_un
