"""La foire aux questions et l’espace de formation : chacun le sien, contenus sûrs."""

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from assistance.enums import Profil
from assistance.models import PageFormation, Question, Ressource, Theme
from comptes.enums import Role
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.usefixtures("contenus")
FAQ = "/faq/"


@pytest.mark.parametrize(
    ("role", "vu", "pas_vu"),
    [
        (None, "Perte de login ou de mot de passe", "Création d’un compte"),
        (Role.EFFECTEUR, "Création d’un compte", "Perte de login"),
        (Role.OSNP, "Déclaration d’un bug", "Perte de login"),
        (Role.CPAM, "Déclaration d’un bug", "interfaçage"),
    ],
)
def test_chacun_lit_l_aide_de_son_profil(client, role, vu, pas_vu):
    if role:
        client.force_login(CompteFactory(role=role))

    page = client.get(FAQ).content.decode()

    assert vu in page
    assert pas_vu not in page.replace("Demande de création d’un compte", "")


def test_la_recherche_ignore_accents_et_casse_et_garde_les_themes_trouves(client):
    page = client.get(FAQ, {"q": "ENVOYE INDESIRABLES"}).content.decode()

    assert "Vous avez perdu votre mot de passe" in page
    assert "Vous avez perdu votre login" not in page
    assert "Problème de connexion" not in page


def test_une_recherche_vaine_le_dit_et_n_interprete_rien(client):
    page = client.get(FAQ, {"q": "<script>alert(1)</script>"}).content.decode()

    assert "Aucune question ne contient" in page
    assert "<script>alert(1)" not in page


def test_une_reponse_piegee_dans_l_administration_reste_du_texte(client):
    theme = Theme.objects.filter(profil=Profil.ANONYME).first()
    Question.objects.create(
        theme=theme, question="<b>Piège</b>", reponse="<img src=x onerror=alert(1)> **gras**"
    )

    page = client.get(FAQ).content.decode()

    assert "<img src=x" not in page
    assert "&lt;b&gt;Piège" in page
    assert "<strong>gras</strong>" in page


def test_une_question_retiree_ne_se_montre_plus(client):
    Question.objects.filter(question__startswith="Vous avez perdu votre login").update(est_publiee=False)

    assert "Vous avez perdu votre login" not in client.get(FAQ).content.decode()


def test_le_nombre_de_requetes_ne_depend_pas_du_nombre_de_questions(client, compter_requetes):
    avant = compter_requetes(lambda: client.get(FAQ))
    theme = Theme.objects.filter(profil=Profil.ANONYME).first()
    Question.objects.bulk_create([Question(theme=theme, question=str(n), reponse="x") for n in range(20)])

    assert compter_requetes(lambda: client.get(FAQ)) == avant


def test_l_espace_de_formation_ouvre_le_guide_de_son_role(client):
    client.force_login(CompteFactory(role=Role.OSNP))

    accueil = client.get("/formation/").content.decode()
    guide = client.get("/formation/regulateur/").content.decode()

    assert "Vos guides" in accueil
    assert "Découvrir la plateforme</h1>" in guide
    assert "Suivant" in guide
    assert "Précédent" not in guide


def test_on_va_de_page_en_page_jusqu_a_la_derniere(client):
    pages = list(PageFormation.objects.filter(profil=Profil.REGULATEUR).order_by("ordre", "pk"))

    derniere = client.get(reverse("assistance:page_formation", args=[pages[-1].pk])).content.decode()
    milieu = client.get(reverse("assistance:page_formation", args=[pages[1].pk])).content.decode()

    assert "Suivant" not in derniere
    assert reverse("assistance:page_formation", args=[pages[0].pk]) in milieu
    assert reverse("assistance:page_formation", args=[pages[2].pk]) in milieu


@pytest.mark.parametrize("chemin", ["/formation/anonyme/", "/formation/inconnu/", "/formation/pages/999999/"])
def test_un_guide_qui_n_existe_pas_est_un_404(client, chemin):
    assert client.get(chemin).status_code == 404


def test_une_page_retiree_emporte_ses_documents(client):
    page = PageFormation.objects.filter(profil=Profil.IOA).first()
    document = Ressource.objects.create(page=page, titre="Guide", fichier=_fichier("guide.pdf"))
    adresse = reverse("assistance:document", args=[document.pk])
    avant = client.get(adresse)
    assert b"".join(avant.streaming_content) == b"%PDF-1.7"

    PageFormation.objects.filter(pk=page.pk).update(est_publiee=False)

    assert client.get(adresse).status_code == 404
    assert client.get(reverse("assistance:page_formation", args=[page.pk])).status_code == 404


def test_un_document_se_telecharge_sans_s_ouvrir_dans_la_page(client):
    page = PageFormation.objects.filter(profil=Profil.IOA).first()
    document = Ressource.objects.create(page=page, titre="Guide de l’IOA", fichier=_fichier("g.html"))

    reponse = client.get(reverse("assistance:document", args=[document.pk]))

    assert reponse.headers["Content-Disposition"].startswith("attachment")
    assert reponse.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in reponse.headers["Content-Security-Policy"]
    assert reponse.headers["Content-Type"] == "application/octet-stream"
    assert b"".join(reponse.streaming_content) == b"%PDF-1.7"


def test_une_video_est_un_lien_avec_sa_transcription(client):
    page = PageFormation.objects.filter(profil=Profil.IOA).first()
    Ressource.objects.create(
        page=page, titre="Orienter", video="https://video.exemple.invalid/1", transcription="On clique <ici>."
    )

    vue = client.get(reverse("assistance:page_formation", args=[page.pk])).content.decode()

    assert 'href="https://video.exemple.invalid/1"' in vue
    assert "On clique &lt;ici&gt;." in vue
    assert "<iframe" not in vue


def _fichier(nom):
    return ContentFile(b"%PDF-1.7", name=nom)
