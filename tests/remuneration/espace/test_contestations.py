"""Contester un décompte : ouvrir, écrire, relire la réponse, clore ; rien d’un patient, un seul fil à la fois."""

from __future__ import annotations

import pytest
from django.urls import reverse

from comptes.models import Courriel, Trace
from remuneration import contestations as fils
from remuneration.enums import EtatContestation
from remuneration.models import Contestation, MessageContestation
from tests.remuneration.factories import INSTANT, CalculFactory, PeriodeFactory, clore_pour_essai

TEXTE = "Il manque deux consultations du 17 juillet."


@pytest.fixture
def periode_close(db):
    return clore_pour_essai(CalculFactory()).periode


def ouvrir(client, qui="moi", texte=TEXTE, code="2026T3", suivre=True):
    adresse = reverse("ma_participation:contester", kwargs={"qui": qui, "code": code})
    return client.post(adresse, {"texte": texte}, follow=suivre)


def ecrire(client, fil, texte=TEXTE):
    adresse = reverse("ma_participation:contestation", kwargs={"contestation_id": fil.pk})
    return client.post(adresse, {"texte": texte})


def clore(client, fil):
    return client.post(reverse("ma_participation:clore", kwargs={"contestation_id": fil.pk}), follow=True)


def test_le_medecin_ouvre_un_fil_et_sa_caisse_en_est_prevenue(
    medecin, agent, periode_close, lieu, django_capture_on_commit_callbacks
):
    reponse = ouvrir(medecin)

    ouverte = Contestation.objects.get()
    assert (ouverte.effecteur, ouverte.periode, ouverte.departement) == (
        lieu.effecteur,
        periode_close,
        lieu.commune.departement,
    )
    assert TEXTE in reponse.content.decode()
    courriel = Courriel.objects.get()
    assert courriel.destinataire == agent.email
    assert TEXTE not in courriel.corps_texte + courriel.corps_html
    assert Trace.objects.filter(verbe="contestation.ouverte", objet=f"contestation:{ouverte.pk}").exists()


def test_la_responsable_conteste_pour_sa_structure(client, responsable, association, periode_close):
    client.force_login(responsable)

    ouvrir(client, qui=f"structure-{association.pk}")

    assert Contestation.objects.get().structure == association


def test_un_second_envoi_du_formulaire_retrouve_le_fil_du_premier(medecin, periode_close):
    ouvrir(medecin)

    reponse = ouvrir(medecin)

    fil = Contestation.objects.get()
    assert fil.messages.count() == 1
    assert reponse.redirect_chain == [
        (reverse("ma_participation:contestation", kwargs={"contestation_id": fil.pk}), 302)
    ]


def test_un_fil_clos_en_laisse_ouvrir_un_autre(medecin, periode_close):
    ouvrir(medecin)
    clore(medecin, Contestation.objects.get())

    ouvrir(medecin, texte="Il reste une consultation.")

    assert sorted(Contestation.objects.values_list("etat", flat=True)) == ["close", "ouverte"]


@pytest.mark.parametrize("code", ["2026T4", "2026T9", "autre", "2026T2"], ids=str)
def test_une_periode_inconnue_ou_pas_encore_close_ne_se_conteste_pas(medecin, periode_close, code):
    CalculFactory(periode=PeriodeFactory(code="2026T2"))

    assert ouvrir(medecin, code=code, suivre=False).status_code == 404
    assert not Contestation.objects.exists()


@pytest.mark.parametrize(
    ("texte", "erreur"),
    [
        pytest.param("", "obligatoire", id="vide"),
        pytest.param("   ", "obligatoire", id="blancs"),
        pytest.param("a" * 2001, "2000", id="trop long"),
        pytest.param("Le patient 1 85 05 78 006 084 91", "sécurité sociale", id="numéro de sécurité sociale"),
        pytest.param("NIR 2850578006084", "sécurité sociale", id="numéro sans clé"),
    ],
)
def test_un_message_qui_ne_convient_pas_est_rendu_tel_que_tape(medecin, periode_close, texte, erreur):
    reponse = ouvrir(medecin, texte=texte)

    page = reponse.content.decode()
    assert reponse.status_code == 200
    assert erreur in page
    assert texte.strip() in page
    assert not Contestation.objects.exists()


@pytest.mark.parametrize(
    "texte", ["Actes du 17/07/2026 à 9 h", "RPPS 81000000000 et FINESS 590000001", "a" * 2000], ids=len
)
def test_une_date_un_rpps_un_long_message_passent(medecin, periode_close, texte):
    ouvrir(medecin, texte=texte)

    assert MessageContestation.objects.get().texte == texte


def test_le_texte_s_affiche_sans_s_executer(medecin, periode_close):
    reponse = ouvrir(medecin, texte="<script>alert(1)</script>")

    assert "<script>alert(1)" not in reponse.content.decode()


def test_un_medecin_sans_lieu_est_renvoye_vers_l_assistance(medecin, effecteur, periode_close):
    effecteur.lieux.all().delete()

    reponse = ouvrir(medecin)

    assert "aucun lieu d’exercice" in reponse.content.decode()
    assert not Contestation.objects.exists()


def test_il_lit_la_reponse_de_la_caisse_sans_le_nom_de_l_agent(medecin, fil, agent):
    fils.ecrire(fil, texte="Nous rectifions.", par=agent, de_la_caisse=True, maintenant=INSTANT)

    page = medecin.get(
        reverse("ma_participation:contestation", kwargs={"contestation_id": fil.pk})
    ).content.decode()

    assert "Nous rectifions." in page
    assert "Réponse de la caisse" in page
    assert agent.nom not in page


def test_il_repond_et_le_fil_attend_de_nouveau_la_caisse(medecin, fil, agent):
    fils.ecrire(fil, texte="Nous rectifions.", par=agent, de_la_caisse=True, maintenant=INSTANT)

    ecrire(medecin, fil, texte="Merci, il en reste une.")

    fil.refresh_from_db()
    assert fil.etat == EtatContestation.OUVERTE
    assert [m.texte for m in fil.messages.all()][-1] == "Merci, il en reste une."


def test_envoyer_deux_fois_le_meme_message_n_en_ajoute_qu_un(medecin, fil, agent):
    ecrire(medecin, fil, texte="Il en reste une.")
    ecrire(medecin, fil, texte="Il en reste une.")

    assert fil.messages.filter(texte="Il en reste une.").count() == 1
    assert Courriel.objects.filter(destinataire=agent.email).count() == 1


def test_il_clot_le_fil_et_n_y_ecrit_plus(medecin, fil):
    reponse = clore(medecin, fil)
    apres = ecrire(medecin, fil, texte="Une dernière chose.")

    fil.refresh_from_db()
    assert fil.etat == EtatContestation.CLOSE
    assert "La contestation est close." in reponse.content.decode()
    assert apres.status_code == 409
    assert "n’est pas parti" in apres.content.decode()
    assert "Une dernière chose." in apres.content.decode()
    assert fil.messages.count() == 1


def test_clore_deux_fois_ne_previent_la_caisse_qu_une(medecin, fil, agent):
    clore(medecin, fil)
    reponse = clore(medecin, fil)

    assert "Cette contestation est close." in reponse.content.decode()
    assert Courriel.objects.count() == 1


def test_le_fil_d_un_autre_n_existe_pas(client, fil, etrangers):
    for compte in etrangers:
        client.force_login(compte)
        assert ecrire(client, fil).status_code == 404
        assert clore(client, fil).status_code == 404
        assert ouvrir(client, suivre=False).status_code == 404
    assert fil.messages.count() == 1


def test_clore_par_un_lien_est_refuse(medecin, fil):
    adresse = reverse("ma_participation:clore", kwargs={"contestation_id": fil.pk})

    assert medecin.get(adresse).status_code == 405
