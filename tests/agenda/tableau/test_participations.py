"""Déclarer sa participation : les quatre voies, les refus, l’étape de vérification, deux onglets."""

from datetime import UTC, date, datetime

import pytest
from django.urls import reverse

from agenda.models import OffreLieu
from agenda.offre import rafraichir
from annuaire.models import LieuExercice
from comptes.enums import Role
from comptes.models import Trace
from orientation.lectures import offre_du_lieu
from participation.actions import Reponses, declarer
from participation.models import Participation, ParticipationStructure, VersionParticipation
from tests.agenda.factories import AgendaEditeurFactory
from tests.agenda.tableau.conftest import LUNDI_8H
from tests.annuaire.factories import (
    LieuExerciceFactory,
    SpecialiteFactory,
    StructureFactory,
    habiliter,
)
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.django_db

SAISIE = {"participe": "on", "modalite": "individuel", "utilise_logiciel": "non", "declare_deux_heures": "on"}
INTERFACE = {
    "participe": "on",
    "modalite": "individuel",
    "utilise_logiciel": "oui",
    "logiciels": ["logiciel"],
}
URL = "/tableau-de-bord/participation/"


@pytest.fixture
def client_medecin(lieu, medecin, editeur, naviguer):
    return naviguer(medecin)


def verifier(client, reponses):
    return client.post(URL, reponses | {"etape": "verifier"})


def enregistrer(client, reponses):
    """Les deux étapes, comme dans le navigateur : la seconde renvoie ce que la première a caché."""
    reponse = verifier(client, reponses)
    assert reponse.templates[0].name == "tableau/verifier.html", reponse.context["form"].errors
    caches: dict[str, list[str]] = {}
    for nom, valeur in reponse.context["champs"]:
        caches.setdefault(nom, []).append(valeur)
    return client.post(URL, caches | {"etape": "enregistrer"})


def test_par_l_agenda_saisi(client_medecin, lieu):
    assert enregistrer(client_medecin, SAISIE).status_code == 302

    participation = Participation.objects.get(effecteur=lieu.effecteur)
    assert (participation.modalite, participation.declare_deux_heures) == ("individuel", True)
    assert Trace.objects.filter(verbe="participation.declaree").exists()


def test_par_un_logiciel_interface(client_medecin):
    enregistrer(client_medecin, INTERFACE)

    assert Participation.objects.get().logiciels == ["logiciel"]


@pytest.mark.parametrize("saisi", ["nom et identifiant", "identifiant seul"])
@pytest.mark.parametrize("voie", ["cpts", "msp", "sos"])
def test_par_une_structure(client_medecin, lieu, voie, saisi):
    structure = StructureFactory(**{voie: True}, nom="L’Étoile")
    numero = structure.finess or structure.siret
    reponses = SAISIE | {
        "modalite": voie,
        f"structure_{voie}": f"L’Étoile ({numero})" if saisi.startswith("nom") else numero,
        "lieux": [lieu.pk],
    }

    enregistrer(client_medecin, reponses)

    participation = Participation.objects.get()
    assert (participation.modalite, participation.structure) == (voie, structure)
    assert list(participation.lieux.all()) == ([lieu] if voie == "cpts" else [])


@pytest.mark.parametrize(
    ("reponses", "champ", "message"),
    [
        pytest.param({"participe": "on"}, "modalite", "comment vous participez", id="sans modalité"),
        pytest.param(
            SAISIE | {"modalite": "cpts", "structure_cpts": "Étoile", "lieux": ["{lieu}"]},
            "structure_cpts",
            "Veuillez sélectionner une CPTS dans les suggestions",
            id="CPTS en texte libre",
        ),
        pytest.param(
            SAISIE | {"modalite": "msp", "structure_msp": "{cpts}"},
            "structure_msp",
            "Veuillez sélectionner une MSP",
            id="une CPTS pour une MSP",
        ),
        pytest.param(
            {"participe": "on", "modalite": "sos"},
            "structure_sos",
            "association SOS Médecins",
            id="SOS sans nom",
        ),
        pytest.param(
            SAISIE | {"modalite": "cpts", "structure_cpts": "{cpts}"},
            "lieux",
            "au moins un lieu d’activité",
            id="CPTS sans lieu",
        ),
        pytest.param(
            {"participe": "on", "modalite": "individuel"},
            "utilise_logiciel",
            "si vous disposez d’un logiciel",
            id="sans réponse sur le logiciel",
        ),
        pytest.param(
            INTERFACE | {"logiciels": []}, "logiciels", "au moins un logiciel", id="logiciel sans nom"
        ),
        pytest.param(INTERFACE | {"logiciels": ["inconnu"]}, "logiciels", "inconnu", id="logiciel inconnu"),
        pytest.param(
            SAISIE | {"declare_deux_heures": ""},
            "declare_deux_heures",
            "déclarer sur l’honneur",
            id="sans déclaration",
        ),
        pytest.param(
            INTERFACE | {"refuse_affichage": "on"},
            "declare_deux_heures",
            "déclarer sur l’honneur",
            id="refus d’affichage sans déclaration",
        ),
        pytest.param(SAISIE | {"lieux": ["999999"]}, "lieux", "", id="lieu d’un autre"),
    ],
)
def test_chaque_refus_se_pose_sur_sa_question_et_n_ecrit_rien(client_medecin, lieu, reponses, champ, message):
    cpts = StructureFactory(cpts=True, nom="CPTS de l’Étoile")
    noms = {"{cpts}": cpts.finess, "{lieu}": str(lieu.pk)}
    remplies = {
        nom: [noms.get(v, v) for v in valeur] if isinstance(valeur, list) else noms.get(valeur, valeur)
        for nom, valeur in reponses.items()
    }

    reponse = verifier(client_medecin, remplies)

    assert message in " ".join(reponse.context["form"].errors[champ])
    assert not Participation.objects.exists()
    assert client_medecin.post(URL, remplies | {"etape": "enregistrer"}).status_code == 200
    assert not Participation.objects.exists()


def test_sans_script_un_nom_approche_propose_et_un_clic_choisit(client_medecin, lieu):
    cpts = StructureFactory(cpts=True, nom="CPTS de l’Étoile")
    reponses = SAISIE | {"modalite": "cpts", "structure_cpts": "etoile", "lieux": [lieu.pk]}
    html = verifier(client_medecin, reponses).content.decode()
    assert f"CPTS de l’Étoile ({cpts.finess})" in html

    reponse = client_medecin.post(
        URL, reponses | {"retenue_structure_cpts": f"CPTS de l’Étoile ({cpts.finess})"}
    )

    assert reponse.templates[0].name == "tableau/verifier.html"


def test_les_suggestions_ne_donnent_que_le_type_demande(client_medecin):
    cpts = StructureFactory(cpts=True, nom="CPTS Étoile")
    StructureFactory(msp=True, nom="MSP Étoile")
    StructureFactory(cpts=True, nom="CPTS Étoile fermée", est_active=False)
    url = reverse("tableau:suggestions")

    html = client_medecin.post(url, {"type": "cpts", "texte": "etoi"}).content.decode()

    assert f"CPTS Étoile ({cpts.finess})" in html
    assert html.count("<option") == 1
    assert client_medecin.post(url, {"type": "cpts", "texte": cpts.finess[:6]}).content.count(b"<option") == 1
    assert client_medecin.post(url, {"type": "cds", "texte": "centre"}).content.count(b"<option") == 0
    assert client_medecin.get(url, {"type": "cpts"}).status_code == 405


@pytest.mark.parametrize(
    ("reponses", "effet", "ouvert"),
    [
        pytest.param(SAISIE, "ses disponibilités sont montrées", False, id="agenda saisi, après 2025"),
        pytest.param(INTERFACE, "votre agenda saisi est fermé", True, id="interfacé"),
        pytest.param(
            INTERFACE | {"refuse_affichage": "on", "declare_deux_heures": "on"},
            "disparaissent aussitôt",
            False,
            id="affichage refusé",
        ),
        pytest.param(
            {"refuse_affichage": "on"}, "pas éligible à la rémunération", False, id="ne participe pas"
        ),
        pytest.param(
            SAISIE | {"forfait_reorientation": "on"},
            "dans la liste du forfait de réorientation",
            False,
            id="forfait",
        ),
    ],
)
def test_la_verification_dit_l_effet_et_le_droit_sans_rien_ecrire(client_medecin, reponses, effet, ouvert):
    reponse = verifier(client_medecin, reponses)

    assert effet in reponse.content.decode()
    assert reponse.context["droit"].ouvert == ouvert
    assert not Participation.objects.exists()


@pytest.mark.parametrize(
    ("limite", "ouvert", "bandeau"),
    [
        pytest.param(None, True, False, id="sans limite"),
        pytest.param(date(2026, 11, 2), True, True, id="dernier jour"),
        pytest.param(date(2026, 11, 1), False, True, id="lendemain"),
    ],
)
def test_l_arbitrage_de_2026_est_un_reglage(client_medecin, settings, limite, ouvert, bandeau):
    settings.SAISIE_MANUELLE_OUVRE_DROIT_JUSQU_AU = limite

    reponse = verifier(client_medecin, SAISIE)

    assert reponse.context["droit"].ouvert == ouvert
    assert ("Certains arbitrages restent en cours" in reponse.content.decode()) == bandeau


def test_modifier_rend_le_formulaire_tel_que_rempli(client_medecin):
    html = client_medecin.post(URL, INTERFACE | {"etape": "modifier"}).content.decode()

    assert 'value="logiciel"' in html
    assert "Vérifier vos paramètres" not in html


def test_refuser_l_affichage_cache_les_creneaux_dans_la_meme_transaction(client_medecin, lieu):
    AgendaEditeurFactory(lieu=lieu)
    rafraichir([lieu.pk], LUNDI_8H)
    assert offre_du_lieu(lieu.pk, maintenant=LUNDI_8H).creneaux

    enregistrer(client_medecin, {"refuse_affichage": "on"})

    assert not offre_du_lieu(lieu.pk, maintenant=LUNDI_8H).creneaux


def test_quitter_sa_maison_de_sante_se_voit_aussitot_sur_elle(client_medecin, lieu):
    SpecialiteFactory(code="MSP", profession=None, savoir_faire=[], type_structure="msp")
    maison = LieuExerciceFactory(effecteur=None, structure=StructureFactory(msp=True))
    enregistrer(client_medecin, SAISIE | {"modalite": "msp", "structure_msp": maison.structure.finess})
    assert OffreLieu.objects.get(lieu=maison).participe

    vue = Participation.objects.get().modifie_le.isoformat()
    enregistrer(client_medecin, SAISIE | {"vue_le": vue})

    assert not OffreLieu.objects.get(lieu=maison).participe


def test_deux_onglets_le_second_voit_ce_qui_a_change_et_ne_perd_rien(client_medecin, lieu, medecin):
    declarer(
        effecteur=lieu.effecteur,
        reponses=Reponses(refuse_affichage=True),
        auteur=medecin,
        maintenant=datetime(2026, 11, 2, 6, 59, tzinfo=UTC),
    )

    conflit = client_medecin.post(URL, SAISIE | {"etape": "enregistrer", "vue_le": ""})

    html = conflit.content.decode()
    assert conflit.status_code == 409
    assert "Refus d’afficher les créneaux du logiciel" in html
    assert "par Étienne Favier" in html
    assert conflit.context["form"]["declare_deux_heures"].value()
    assert not Participation.objects.get().participe
    enregistrer(client_medecin, SAISIE | {"vue_le": conflit.context["form"]["vue_le"].value()})
    assert Participation.objects.get().participe


def test_le_formulaire_rouvert_reprend_les_reponses_et_les_rend_telles_quelles(client_medecin, lieu):
    cpts = StructureFactory(cpts=True, nom="CPTS Étoile")
    enregistrer(
        client_medecin, SAISIE | {"modalite": "cpts", "structure_cpts": cpts.finess, "lieux": [lieu.pk]}
    )
    form = client_medecin.get(URL).context["form"]

    rendues = {nom: form[nom].value() for nom in form.fields if form[nom].value() not in (None, False, "")}
    reponse = enregistrer(client_medecin, {n: "on" if v is True else v for n, v in rendues.items()})

    assert reponse.status_code == 302
    assert form["structure_cpts"].value() == f"CPTS Étoile ({cpts.finess})"
    assert VersionParticipation.objects.count() == 1  # rien n’a changé


def test_une_version_falsifiee_est_refusee_sans_erreur_500(client_medecin):
    assert "vue_le" in verifier(client_medecin, SAISIE | {"vue_le": "hier"}).context["form"].errors


def test_l_historique_dit_qui_quand_avant_et_apres(client_medecin, lieu, medecin):
    enregistrer(client_medecin, SAISIE)
    vue = Participation.objects.get().modifie_le.isoformat()
    enregistrer(client_medecin, INTERFACE | {"vue_le": vue})

    html = client_medecin.get(reverse("tableau:historique")).content.decode()

    assert html.index("2 novembre 2026") < html.index("par Étienne Favier")
    assert "Logiciel fictif" in html
    assert "<del>oui</del>" in html


@pytest.mark.parametrize("qui", ["anonyme", "déléguée", "gestionnaire", "osnp"])
def test_sa_participation_ne_se_declare_qu_en_personne(lieu, deleguee, gestionnaire, client, naviguer, qui):
    comptes = {"déléguée": deleguee, "gestionnaire": gestionnaire, "osnp": CompteFactory(osnp=True)}
    visiteur = client if qui == "anonyme" else naviguer(comptes[qui])

    for url in (URL, reverse("tableau:historique")):
        reponse = visiteur.post(url, SAISIE) if url == URL else visiteur.get(url)
        assert reponse.status_code == (404 if qui == "osnp" else 302)
    assert not Participation.objects.exists()


# --- Centres de santé et associations SOS Médecins -----------------------------


def url_de(structure) -> str:
    return reverse("tableau:participation_structure", kwargs={"structure_id": structure.pk})


def enregistrer_structure(client, structure, reponses):
    """Les deux étapes : la première n’écrit rien, la seconde renvoie ce qu’elle a caché."""
    avant = ParticipationStructure.objects.values_list("modifie_le", flat=True).first()
    reponse = client.post(url_de(structure), reponses | {"etape": "verifier"})
    assert reponse.templates[0].name == "tableau/verifier.html", reponse.context["form"].errors
    assert ParticipationStructure.objects.values_list("modifie_le", flat=True).first() == avant
    return client.post(url_de(structure), dict(reponse.context["champs"]) | {"etape": "enregistrer"})


def test_un_centre_participe_et_ses_lieux_acceptent_en_sus_aussitot(gestionnaire, centre, naviguer):
    SpecialiteFactory(centre_de_sante=True)
    lieu = LieuExerciceFactory(effecteur=None, structure=centre)
    client = naviguer(gestionnaire)
    reponses = {"participe": "on", "nombre_effecteurs": "3", "declare_deux_heures": "on"}

    assert enregistrer_structure(client, centre, reponses).status_code == 302

    assert ParticipationStructure.objects.get().nombre_effecteurs == 3
    assert OffreLieu.objects.get(lieu=lieu).en_sus
    historique = client.get(reverse("tableau:historique_structure", kwargs={"structure_id": centre.pk}))
    assert "par Gilles Santini" in historique.content.decode()


@pytest.mark.parametrize(
    ("reponses", "champ"),
    [
        ({"participe": "on", "declare_deux_heures": "on"}, "nombre_effecteurs"),
        ({"participe": "on", "nombre_effecteurs": "0", "declare_deux_heures": "on"}, "nombre_effecteurs"),
        ({"participe": "on", "nombre_effecteurs": "-1", "declare_deux_heures": "on"}, "nombre_effecteurs"),
        ({"participe": "on", "nombre_effecteurs": "99999", "declare_deux_heures": "on"}, "nombre_effecteurs"),
        ({"participe": "on", "nombre_effecteurs": "2"}, "declare_deux_heures"),
    ],
)
def test_un_centre_voit_ce_qu_il_doit_corriger(gestionnaire, centre, naviguer, reponses, champ):
    client = naviguer(gestionnaire)

    for etape in ("verifier", "enregistrer"):
        reponse = client.post(url_de(centre), reponses | {"etape": etape})
        assert champ in reponse.context["form"].errors
        assert "Des réponses sont à corriger" in reponse.content.decode()
    assert not ParticipationStructure.objects.exists()


@pytest.mark.parametrize(
    ("reponses", "effet"),
    [
        ({"participe": "on", "nombre_effecteurs": "3", "declare_deux_heures": "on"}, "6\u00a0heures"),
        ({}, "ne le sollicite pas en sus"),
    ],
)
def test_un_centre_lit_l_effet_de_ses_reponses_avant_d_enregistrer(
    gestionnaire, centre, naviguer, reponses, effet
):
    client = naviguer(gestionnaire)

    # Sans étape, on vérifie : rien ne s’enregistre sans avoir lu.
    html = client.post(url_de(centre), reponses).content.decode()
    assert effet in html
    assert "Vérifier les paramètres\u00a0: Centre de la Gare" in html
    assert "Rémunération</h2>" not in html
    assert not ParticipationStructure.objects.exists()

    rendu = client.post(url_de(centre), reponses | {"etape": "modifier"})
    assert (rendu.context["form"]["nombre_effecteurs"].value() or "") == reponses.get("nombre_effecteurs", "")
    assert "Des réponses sont à corriger" not in rendu.content.decode()
    assert not ParticipationStructure.objects.exists()


def test_deux_gestionnaires_le_second_voit_ce_qui_a_change(gestionnaire, centre, naviguer):
    client = naviguer(gestionnaire)
    reponses = {"participe": "on", "nombre_effecteurs": "3", "declare_deux_heures": "on"}
    enregistrer_structure(client, centre, reponses)

    conflit = client.post(
        url_de(centre), reponses | {"nombre_effecteurs": "5", "vue_le": "", "etape": "enregistrer"}
    )

    assert conflit.status_code == 409
    assert conflit.context["form"]["nombre_effecteurs"].value() == "5"
    vue = conflit.context["form"]["vue_le"].value()
    reprise = enregistrer_structure(client, centre, reponses | {"nombre_effecteurs": "5", "vue_le": vue})
    assert reprise.status_code == 302
    assert ParticipationStructure.objects.get().nombre_effecteurs == 5


def test_une_association_sos_medecins_ne_compte_pas_ses_professionnels(naviguer, maintenant):
    sos = StructureFactory(sos=True)
    compte = CompteFactory()
    habiliter(compte, Role.GESTIONNAIRE_STRUCTURE, structure=sos)
    client = naviguer(compte)

    assert "nombre_effecteurs" not in client.get(url_de(sos)).context["form"].fields
    participer = {"participe": "on", "declare_deux_heures": "on"}
    assert enregistrer_structure(client, sos, participer).status_code == 302
    assert ParticipationStructure.objects.get().participe


def test_une_cpts_n_a_pas_de_participation_a_elle(naviguer, maintenant):
    cpts = StructureFactory(cpts=True)
    compte = CompteFactory()
    habiliter(compte, Role.GESTIONNAIRE_STRUCTURE, structure=cpts)

    assert naviguer(compte).get(url_de(cpts)).status_code == 404


def test_la_page_ne_fait_pas_une_requete_par_lieu(client_medecin, lieu, compter_requetes):
    client_medecin.get(URL)
    avant = compter_requetes(lambda: client_medecin.get(URL))

    LieuExerciceFactory.create_batch(4, effecteur=lieu.effecteur)

    assert LieuExercice.objects.count() == 5
    assert compter_requetes(lambda: client_medecin.get(URL)) == avant
