"""La matrice des thèmes (B-21), ligne par ligne, et les textes livrés."""

import pytest
from django.apps import apps

from assistance.contenus import DONNEES, charger, lire, matrice
from assistance.domaine.textes import en_html
from assistance.enums import Destination, Profil, profil_de
from assistance.models import PageFormation, Question, Theme
from comptes.enums import Role

pytestmark = pytest.mark.usefixtures("contenus")

COLONNES = ("delegataire", "effecteur", "gestionnaire_comptes", "gestionnaire_structure", "ioa", "referent",
            "regulateur", "anonyme")  # fmt: skip
LETTRES = {
    "RT": Destination.REFERENT,
    "GC": Destination.GESTIONNAIRE,
    "N1": Destination.SUPPORT_N1,
    "N3": Destination.SUPPORT_N3,
}


@pytest.mark.parametrize(
    ("libelle", "destinataires"),
    [
        # Dél, Eff, GC, GS, IOA, RT, OSNP, Anon
        ("Demande de renseignement sur le service d’accès aux soins", "RT RT — RT RT N3 RT —"),
        ("Mise à jour des informations de mon profil", "GC GC N3 GC GC GC GC —"),
        ("Mise à jour des données affichées sur la plateforme numérique SAS", "N3 N3 N3 N3 N3 N3 N3 —"),
        ("Assistance à l’utilisation de la plateforme digitale", "RT RT N3 RT RT N3 RT —"),
        ("Création d’un compte", "— GC N3 GC — GC — —"),
        ("Demande de suppression d’un compte", "GC GC N1 GC GC GC GC —"),
        # B-22 : la matrice d’origine laisse IOA, référents et régulateurs sans ce thème ; ils l’ont ici.
        ("Déclaration d’un bug ou d’un incident", "N1 N1 N1 N1 N1 N1 N1 N1"),
        ("Demande liée à l’interfaçage avec les éditeurs de prise de rendez-vous", "N3 N3 N3 N3 N3 N3 N3 —"),
        ("Perte de login ou de mot de passe", "— — — — — — — GC"),
        ("Problème de connexion par Pro Santé Connect", "— — — — — — — GC"),
        ("Demande de création d’un compte", "— — — — — — — GC"),
    ],
)
def test_la_matrice_d_aiguillage_est_complete(libelle, destinataires):
    attendus = {
        Profil(colonne): LETTRES[lettre]
        for colonne, lettre in zip(COLONNES, destinataires.split(), strict=True)
        if lettre != "—"
    }

    en_base = Theme.objects.filter(libelle=libelle).exclude(profil=Profil.CPAM)

    assert dict(en_base.values_list("profil", "destination")) == attendus


def test_aucun_theme_n_est_hors_de_la_matrice():
    assert set(Theme.objects.values_list("libelle", flat=True)) == set(matrice())


def test_chaque_theme_de_chaque_profil_a_des_reponses():
    vides = [theme for theme in Theme.objects.all() if theme.questions.filter(est_publiee=True).count() < 2]

    assert vides == []


def test_chaque_profil_a_ses_guides_dans_les_six_sections_prevues():
    sans_guide = {profil for profil in Profil if not PageFormation.objects.filter(profil=profil).exists()}
    rubriques = set(PageFormation.objects.values_list("rubrique", flat=True))

    assert sans_guide == {Profil.ANONYME}
    assert {
        "Effecteur de soins libéral en cabinet",
        "Effecteur de soins en structure",
        "Régulateur et OSNP",
        "Gestionnaire de comptes",
        "Infirmier organisateur de l’accueil",
        "Gestionnaire de structure",
    } <= rubriques


def test_les_questions_d_un_autre_profil_ne_se_montrent_pas():
    du_regulateur = Question.objects.filter(theme__profil=Profil.REGULATEUR)

    assert du_regulateur.filter(question="Comment orienter un patient ?".replace(" ?", "\u00a0?")).exists()
    assert not Question.objects.filter(
        theme__profil=Profil.GESTIONNAIRE_COMPTES, question__startswith="Comment orienter"
    ).exists()


def test_recharger_ne_change_ni_ne_double_rien():
    question = Question.objects.order_by("pk").first()
    Question.objects.filter(pk=question.pk).update(reponse="Réécrite dans l’administration.")
    nombres = (Theme.objects.count(), Question.objects.count(), PageFormation.objects.count())

    charger(apps.get_model)

    assert nombres == (Theme.objects.count(), Question.objects.count(), PageFormation.objects.count())
    question.refresh_from_db()
    assert question.reponse == "Réécrite dans l’administration."


@pytest.mark.parametrize("fichier", ["faq.md", "formation.md"])
def test_les_textes_livres_ont_la_typographie_francaise(fichier):
    for texte in lire(DONNEES / fichier):
        for passage in (texte.titre, texte.corps):
            for faute in (" ?", " !", " ;", " :", " »", "'"):
                assert faute not in passage, f"{texte.titre} : {faute!r}"
        assert "&lt;" not in en_html(texte.corps), texte.titre


@pytest.mark.parametrize(
    ("roles", "profil"),
    [
        pytest.param([Role.EFFECTEUR], Profil.EFFECTEUR, id="effecteur venu de Pro Santé Connect (W-60)"),
        pytest.param([Role.EFFECTEUR, Role.GESTIONNAIRE_COMPTES], Profil.GESTIONNAIRE_COMPTES, id="le plus large"),
        pytest.param([Role.REFERENT, Role.OSNP], Profil.REFERENT, id="référent avant OSNP"),
        pytest.param([Role.IOA, Role.OSNP], Profil.REGULATEUR, id="OSNP avant IOA"),
        pytest.param([Role.DELEGATAIRE, Role.GESTIONNAIRE_STRUCTURE], Profil.GESTIONNAIRE_STRUCTURE, id="structure avant délégataire"),
        pytest.param([Role.ADMINISTRATEUR], Profil.GESTIONNAIRE_COMPTES, id="administrateur"),
        pytest.param([], Profil.ANONYME, id="sans rôle"),
    ],
)  # fmt: skip
def test_le_profil_est_celui_du_role_le_plus_large(roles, profil):
    assert profil_de(roles) == profil


def test_chaque_role_a_un_profil():
    assert all(profil_de([role]) is not Profil.ANONYME for role in Role)
