"""Rejeux, courses, autre appareil, limites : une personne, un compte, et jamais d’impasse."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from annuaire.premiere_connexion import actions
from comptes import liens
from comptes.enums import Role, UsageLien
from comptes.models import Compte, Courriel, Habilitation, Lien, Trace
from tests.annuaire.premiere_connexion.conftest import ADRESSE, ECRAN, NUMERO, SAISIE, soumettre, taper
from tests.comptes.conftest import Parcours
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.django_db

RENVOYER = "/premiere-connexion/renvoyer/"
CONTINUER = "/premiere-connexion/continuer/"
DEBUT = "2026-03-17T08:00Z"


def connecte(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


# --- Un autre appareil ------------------------------------------------------------


def test_le_lien_ouvert_ailleurs_confirme_sans_y_ouvrir_de_session(identifie, boite, effecteur):
    soumettre(identifie)
    telephone = Client()

    page = telephone.post(boite.dernier().lien).content.decode()

    assert "Votre adresse est confirmée" in page
    assert connecte(telephone) is None
    assert Compte.objects.get().identifiant_national == NUMERO
    assert identifie.post(CONTINUER).status_code == 302
    assert connecte(identifie) == str(Compte.objects.get().pk)


def test_continuer_trop_tot_ramene_a_l_ecran_d_attente(identifie, boite, effecteur):
    soumettre(identifie)

    page = identifie.post(CONTINUER, follow=True)

    assert page.redirect_chain == [(ECRAN, 302)]
    assert "pas encore confirmée" in page.content.decode()
    assert connecte(identifie) is None


def test_une_autre_personne_identifiee_n_entre_pas_par_ce_lien(identifie, boite, effecteur, psc):
    soumettre(identifie)
    vraie = psc.identite
    psc.identite = lambda jeton: vraie(jeton) | {"SubjectNameID": "899999999128"}
    autre = Parcours(Client())
    autre.complet("effecteur-nouveau")

    page = autre.client.post(boite.dernier().lien).content.decode()

    assert "Votre adresse est confirmée" in page
    assert connecte(autre.client) is None
    assert Compte.objects.get().identifiant_national == NUMERO


# --- Rejeux et courses -----------------------------------------------------------


def test_un_lien_deja_suivi_le_dit_et_laisse_continuer(identifie, boite, effecteur):
    soumettre(identifie)
    lien = boite.dernier().lien
    Client().post(lien)

    ailleurs, ici = Client().post(lien), identifie.get(lien)

    assert (ailleurs.status_code, ici.status_code) == (410, 410)
    assert "Ce lien a déjà servi" in ailleurs.content.decode()
    assert CONTINUER in ici.content.decode()
    assert Compte.objects.count() == 1


def test_un_lien_deja_suivi_ne_demande_pas_de_s_identifier_a_qui_est_connecte(identifie, boite, effecteur):
    soumettre(identifie)
    lien = boite.dernier().lien
    identifie.post(lien)

    page = identifie.get(lien).content.decode().partition("<main")[2]

    assert "Vous êtes connecté" in page
    assert "Identifiez-vous" not in page


def test_un_double_clic_sur_soumettre_n_envoie_qu_un_courriel(identifie, boite, effecteur):
    soumettre(identifie)
    reponse = soumettre(identifie)

    assert reponse.headers["Location"] == ECRAN
    assert len(boite.lire()) == 1
    assert taper(identifie, boite.dernier().code).status_code == 302


def test_un_double_clic_sur_valider_ouvre_une_seule_fois(identifie, boite, effecteur):
    soumettre(identifie)
    code = boite.dernier().code
    taper(identifie, code)

    seconde = taper(identifie, code)

    assert seconde.status_code == 400
    assert connecte(identifie) == str(Compte.objects.get().pk)


def test_un_second_onglet_a_une_autre_adresse_remplace_le_premier_lien(identifie, boite, effecteur):
    soumettre(identifie)
    soumettre(identifie, "autre@exemple.invalid")

    assert Client().post(boite.dernier().lien).status_code == 410
    assert Client().post(boite.dernier("autre@exemple.invalid").lien).status_code == 200
    assert Compte.objects.get().email == "autre@exemple.invalid"


def test_un_second_appareil_deja_confirme_n_ajoute_pas_de_compte(identifie, boite, effecteur, psc):
    """Deux premières connexions à deux adresses : la seconde confirmation est refusée, et le dit."""
    soumettre(identifie)
    premier = boite.dernier()
    Lien.objects.all().update(identite={**Lien.objects.get().identite})
    CompteFactory(email="autre@exemple.invalid", identifiant_national=NUMERO)

    reponse = identifie.post(premier.lien)

    assert reponse.status_code == 409
    assert "déjà celle d’un autre compte" in reponse.content.decode()
    assert Compte.objects.count() == 1
    assert Trace.objects.get().details["motif"] == "identite_deja_rattachee"


def test_une_identite_saisie_entre_temps_par_un_gestionnaire_suffit(identifie, boite):
    compte = CompteFactory(email=ADRESSE)
    soumettre(identifie)
    Compte.objects.update(identifiant_national=NUMERO)

    taper(identifie, boite.dernier().code)

    assert connecte(identifie) == str(compte.pk)


@pytest.mark.parametrize(
    "entre_temps",
    [{"is_active": False}, {"identifiant_national": "899999999128"}, {"email": "change@exemple.invalid"}],
    ids=["désactivé", "rattaché à un autre", "adresse changée"],
)
def test_un_compte_qui_a_change_depuis_l_envoi_n_est_pas_rattache(identifie, boite, entre_temps):
    CompteFactory(email=ADRESSE)
    soumettre(identifie)
    Compte.objects.update(**entre_temps)

    reponse = taper(identifie, boite.dernier().code)

    assert reponse.status_code == 409
    assert connecte(identifie) is None
    assert not Compte.objects.filter(identifiant_national=NUMERO).exists()
    assert Lien.objects.get().consomme_le is None


def test_un_lieu_ferme_depuis_l_envoi_ne_cree_pas_de_compte(identifie, boite, effecteur):
    soumettre(identifie)
    effecteur.lieux.update(est_actif=False)

    reponse = taper(identifie, boite.dernier().code)

    assert reponse.status_code == 409
    assert "Aucun lieu d’exercice" in reponse.content.decode()
    assert not Compte.objects.exists()


def test_une_adresse_prise_depuis_l_envoi_ne_fait_pas_deux_comptes(identifie, boite, effecteur):
    soumettre(identifie)
    CompteFactory(email=ADRESSE)

    assert taper(identifie, boite.dernier().code).status_code == 409
    assert Compte.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("usage", [UsageLien.CREATION, UsageLien.RATTACHEMENT])
def test_deux_liens_confirmes_en_meme_temps_font_un_seul_compte(identifie, effecteur, usage):
    """Deux onglets dont les liens sont partis ensemble : chacun ignore l’autre jusqu’à la base."""
    compte = CompteFactory(email=ADRESSE) if usage == UsageLien.RATTACHEMENT else None
    soumettre(identifie)
    modele = Lien.objects.get()
    jumeau = Lien.objects.get()
    jumeau.pk, jumeau.empreinte = None, "jumeau"
    jumeau.save()
    depart, obtenus = threading.Barrier(2), []

    def confirmer(numero: int) -> None:
        depart.wait()
        try:
            lien = Lien.objects.get(pk=numero)
            obtenus.append(actions.confirmer(lien, maintenant=timezone.now()).pk)
        finally:
            connection.close()

    fils = [threading.Thread(target=confirmer, args=[lien.pk]) for lien in (modele, jumeau)]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join()

    unique = Compte.objects.get(identifiant_national=NUMERO)
    assert obtenus == [unique.pk, unique.pk]
    assert compte is None or unique == compte
    assert Habilitation.objects.filter(compte=unique, role=Role.EFFECTEUR).count() == (compte is None)


# --- Délais, codes et limites --------------------------------------------------------


def test_passe_cinq_minutes_le_lien_et_le_code_sont_refuses_et_se_redemandent(parcours, boite, effecteur):
    with time_machine.travel(DEBUT, tick=False) as horloge:
        parcours.complet("effecteur-nouveau")
        soumettre(parcours.client)
        premier = boite.dernier()
        horloge.shift(timedelta(minutes=5))

        assert parcours.client.get(premier.lien).status_code == 410
        assert "n’est plus valable" in taper(parcours.client, premier.code).content.decode()
        cache.clear()
        page = parcours.client.post(RENVOYER, follow=True)

        assert "nouveau courriel" in page.content.decode()
        taper(parcours.client, boite.dernier().code)
        assert connecte(parcours.client) == str(Compte.objects.get().pk)


def test_la_duree_du_lien_est_un_reglage(parcours, boite, effecteur, settings):
    settings.LIEN_DUREE_MIN = 30
    with time_machine.travel(DEBUT, tick=False) as horloge:
        parcours.complet("effecteur-nouveau")
        soumettre(parcours.client)
        horloge.shift(timedelta(minutes=29))

        assert parcours.client.get(boite.dernier().lien).status_code == 200
    assert "30 minutes" in boite.dernier().texte


def test_le_renvoi_annule_le_lien_precedent(identifie, boite, effecteur):
    soumettre(identifie)
    premier = boite.dernier()
    cache.clear()

    identifie.post(RENVOYER)

    assert identifie.post(premier.lien).status_code == 410
    assert taper(identifie, boite.dernier().code).status_code == 302


def test_cinq_codes_faux_annulent_le_courriel(identifie, boite, effecteur):
    soumettre(identifie)
    juste = boite.dernier().code
    faux = f"{(int(juste) + 1) % 10**6:06d}"

    pages = [taper(identifie, faux).content.decode() for _ in range(5)]

    assert "n’est pas celui" in pages[0]
    assert "n’est plus valable" in pages[-1]
    assert "n’est plus valable" in taper(identifie, juste).content.decode()
    assert not Compte.objects.exists()


@pytest.mark.parametrize("code", ["", "abc", "1" * 21, "é", "<script>", "\x00"], ids=repr)
def test_un_code_mal_forme_se_corrige_sur_place(identifie, effecteur, code):
    soumettre(identifie)

    reponse = taper(identifie, code)

    assert reponse.status_code in (200, 400)
    assert connecte(identifie) is None
    assert b"<script>" not in reponse.content.partition(b"<main")[2].partition(b"</main")[0]


def test_une_personne_ne_fait_pas_partir_plus_de_cinq_courriels_par_heure(identifie, boite, effecteur):
    reponses = [soumettre(identifie, f"adresse{n}@exemple.invalid") for n in range(6)]

    assert [reponse.status_code for reponse in reponses] == [302] * 5 + [200]
    assert "Trop de courriels" in reponses[-1].content.decode()
    assert Courriel.objects.count() == 5


def test_une_adresse_ne_recoit_pas_plus_de_cinq_courriels_par_heure(identifie, boite, psc):
    vraie = psc.identite
    reponses = []
    for n in range(6):
        psc.identite = lambda jeton, n=n: vraie(jeton) | {"SubjectNameID": f"89999999920{n}"}
        visiteur = Parcours(Client())
        visiteur.complet("effecteur-nouveau")
        reponses.append(soumettre(visiteur.client))

    assert [reponse.status_code for reponse in reponses] == [302] * 5 + [200]
    assert len(boite.lire()) == 5


def test_la_limite_vaut_aussi_pour_le_renvoi(identifie, boite, effecteur):
    for n in range(5):
        soumettre(identifie, f"adresse{n}@exemple.invalid")

    page = identifie.post(RENVOYER, follow=True)
    identifie.post(RENVOYER)

    assert "quelques secondes" in page.content.decode() or "Trop de courriels" in page.content.decode()
    assert Courriel.objects.count() == 5


@pytest.mark.parametrize(
    "adresse",
    ["", "x", "a@", "a b@exemple.invalid", "x" * 250 + "@exemple.invalid", "a@b\r\nBcc: c@d"],
    ids=repr,
)
def test_une_adresse_mal_formee_se_corrige_sur_place(identifie, adresse):
    reponse = soumettre(identifie, adresse)

    assert reponse.status_code == 200
    assert "fr-message--error" in reponse.content.decode() or "fr-error-text" in reponse.content.decode()
    assert not Courriel.objects.exists()


# --- Sans identification ---------------------------------------------------------------


@pytest.mark.parametrize("chemin", [SAISIE, ECRAN])
def test_sans_identification_recente_il_faut_recommencer(client, chemin):
    reponse = client.get(chemin)

    assert reponse.status_code == 400
    assert "a expiré" in reponse.content.decode()
    assert not Trace.objects.exists()


@pytest.mark.parametrize("chemin", [RENVOYER, CONTINUER, SAISIE, ECRAN])
def test_sans_identification_rien_ne_part(client, chemin):
    assert client.post(chemin, {"email": ADRESSE, "code": "000000"}).status_code == 400
    assert not Courriel.objects.exists()


@pytest.mark.parametrize("chemin", [RENVOYER, CONTINUER])
def test_un_simple_lien_n_envoie_rien(identifie, chemin):
    assert identifie.get(chemin).status_code == 405


def test_l_identification_en_attente_ne_vaut_que_trente_minutes(parcours, effecteur):
    with time_machine.travel(DEBUT, tick=False) as horloge:
        parcours.complet("effecteur-nouveau")
        horloge.shift(timedelta(minutes=29))
        assert parcours.client.get(SAISIE).status_code == 200
        horloge.shift(timedelta(minutes=1))

        assert parcours.client.get(SAISIE).status_code == 400


@pytest.mark.parametrize("secret", ["x", "é", "x" * 3000, "%00", "..%2f"], ids=lambda s: s[:6])
def test_un_lien_invente_est_introuvable(client, secret):
    reponse = client.get(f"/premiere-connexion/lien/{secret}/")

    assert reponse.status_code == 404


def test_le_lien_d_un_autre_usage_n_ouvre_rien_ici(client):
    cree = liens.creer(
        usage=UsageLien.ACTIVATION,
        email=ADRESSE,
        duree=timedelta(hours=1),
        maintenant=timezone.now(),
        compte=CompteFactory(email=ADRESSE),
    )

    assert client.post(f"/premiere-connexion/lien/{cree.secret}/").status_code == 404


def test_un_compte_desactive_apres_sa_confirmation_n_entre_pas(identifie, boite, effecteur):
    soumettre(identifie)
    Client().post(boite.dernier().lien)
    Compte.objects.update(is_active=False)

    identifie.post(CONTINUER)

    assert connecte(identifie) is None
