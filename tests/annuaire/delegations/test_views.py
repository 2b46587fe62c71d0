from __future__ import annotations

import pytest
from django.urls import reverse

from annuaire.delegations import actions
from annuaire.enums import EtatDemande
from annuaire.models import Delegation, DemandeDelegation, Perimetre
from comptes.actions import tracer
from comptes.enums import Role
from comptes.models import Compte
from tests.annuaire.factories import (
    CommuneFactory,
    DepartementFactory,
    EffecteurFactory,
    LieuExerciceFactory,
    StructureFactory,
    habiliter,
)
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.django_db
SAISIE = {
    "nom": "Gautier",
    "prenom": "Délia",
    "ville": "Lille",
    "email": "Delia@exemple.invalid",
    "fin_date": "",
}


@pytest.fixture
def delegation(monde, demander) -> Delegation:
    return actions.accepter(demande=demander(), acteur=monde.gestionnaire, maintenant=monde.maintenant)


def url(nom: str, delegation: Delegation) -> str:
    return reverse(f"delegations:{nom}", kwargs={"delegation_id": delegation.pk})


def erreurs(reponse) -> dict[str, str]:
    return {champ: str(messages) for champ, messages in reponse.context["form"].errors.items()}


# --- Demander ---------------------------------------------------------------


def test_l_effecteur_envoie_sa_demande(client, monde):
    client.force_login(monde.medecin)

    reponse = client.post(
        reverse("delegations:demander"), SAISIE | {"lieux": [monde.lieux[0].pk]}, follow=True
    )

    demande = DemandeDelegation.objects.get()
    assert "a bien été envoyée à votre administrateur territorial" in reponse.content.decode()
    assert (demande.email, demande.effecteur) == ("delia@exemple.invalid", monde.effecteur)
    assert list(demande.lieux.all()) == [monde.lieux[0]]


@pytest.mark.parametrize(
    ("champs", "champ", "message"),
    [
        ({"ville": ""}, "ville", "Sélectionnez votre ville."),
        ({"ville": "Atlantide"}, "ville", "Aucune commune"),
        ({"email": "delia"}, "email", "ATTENTION\u00a0: Adresse email invalide"),
        ({"nom": ""}, "nom", "obligatoire"),
        ({"fin_date": "2026-03-16"}, "fin_date", "passée"),
        ({"fin_date": "bientôt"}, "fin_date", "Saisissez une date"),
        ({"fin_date": "9999-12-31"}, "fin_date", "Choisissez une année"),
    ],
)
def test_une_demande_fausse_est_refusee_sur_son_champ(client, monde, champs, champ, message):
    client.force_login(monde.medecin)

    reponse = client.post(reverse("delegations:demander"), SAISIE | champs)

    assert message in erreurs(reponse)[champ]
    assert not DemandeDelegation.objects.exists()


def test_sans_administrateur_de_la_region_la_ville_le_dit(client, monde):
    CommuneFactory(code_insee="23096", nom="Guéret", departement=DepartementFactory(code="23", nom="Creuse"))
    client.force_login(monde.medecin)

    reponse = client.post(reverse("delegations:demander"), SAISIE | {"ville": "Guéret"})

    assert "aucun administrateur pour votre région" in erreurs(reponse)["ville"]


def test_le_nom_exact_d_une_ville_suffit_meme_si_d_autres_lui_ressemblent(client, monde):
    CommuneFactory(code_insee="62516", nom="Lillers", codes_postaux=["62190"])
    client.force_login(monde.medecin)

    client.post(reverse("delegations:demander"), SAISIE | {"ville": "lille"})
    douteuse = client.post(reverse("delegations:demander"), SAISIE | {"ville": "lill"})

    assert DemandeDelegation.objects.get().commune.nom == "Lille"
    assert "ville" in erreurs(douteuse)


def test_le_lieu_d_un_autre_n_est_pas_un_choix(client, monde):
    client.force_login(monde.medecin)

    reponse = client.post(reverse("delegations:demander"), SAISIE | {"lieux": [LieuExerciceFactory().pk]})

    assert "lieux" in erreurs(reponse)


def test_le_gestionnaire_de_deux_structures_choisit_pour_laquelle(client, monde):
    seconde = StructureFactory(cpts=True, nom="CPTS de Roubaix")
    habilitation = monde.responsable.habilitations.get()
    Perimetre.objects.create(habilitation=habilitation, structure=seconde, debut_le=habilitation.debut_le)
    client.force_login(monde.responsable)

    sans = client.post(reverse("delegations:demander"), SAISIE)
    client.post(reverse("delegations:demander"), SAISIE | {"titulaire": str(seconde.pk)})

    assert "titulaire" in erreurs(sans)
    assert DemandeDelegation.objects.get().structure == seconde


# --- Qui voit, qui agit -----------------------------------------------------


def test_la_delegation_se_voit_des_trois_personnes_qu_elle_concerne(client, monde, delegation):
    etats = {}
    for nom, compte in (
        ("titulaire", monde.medecin),
        ("délégataire", delegation.delegataire),
        ("gestionnaire", monde.gestionnaire),
        ("autre territoire", monde.etranger),
        ("autre titulaire", monde.responsable),
    ):
        client.force_login(Compte.objects.get(pk=compte.pk))
        etats[nom] = client.get(url("delegation", delegation)).status_code

    assert etats == {
        "titulaire": 200,
        "délégataire": 200,
        "gestionnaire": 200,
        "autre territoire": 404,
        "autre titulaire": 404,
    }


def test_qui_ne_la_voit_pas_ne_la_revoque_pas_et_seul_le_titulaire_consent(client, monde, delegation):
    for compte in (monde.etranger, monde.responsable):
        client.force_login(compte)
        assert client.post(url("revoquer", delegation)).status_code == 404
        assert client.post(url("consentir", delegation)).status_code == 404
    client.force_login(delegation.delegataire)
    assert client.post(url("consentir", delegation)).status_code == 404

    delegation.refresh_from_db()
    assert (delegation.consentie_le, delegation.revoquee_le) == (None, None)


def test_le_gestionnaire_d_un_autre_territoire_ne_voit_ni_ne_traite_la_demande(client, monde, demander):
    demande = demander()
    client.force_login(monde.etranger)

    liste = client.get(reverse("delegations:demandes"))
    etats = [
        client.post(reverse(f"delegations:{geste}", kwargs={"demande_id": demande.pk})).status_code
        for geste in ("accepter", "refuser")
    ]

    assert list(liste.context["demandes"]) == []
    assert etats == [404, 404]
    demande.refresh_from_db()
    assert demande.etat == EtatDemande.OUVERTE


def test_l_effecteur_n_annule_que_sa_demande(client, monde, demander):
    demande = demander()
    chemin = reverse("delegations:annuler_demande", kwargs={"demande_id": demande.pk})
    client.force_login(monde.responsable)
    etranger = client.post(chemin).status_code
    client.force_login(monde.medecin)
    client.post(chemin)

    demande.refresh_from_db()
    assert etranger == 404
    assert demande.etat == EtatDemande.ANNULEE


def test_une_demande_deja_traitee_se_dit_sans_erreur(client, monde, demander):
    demande = demander()
    client.force_login(monde.gestionnaire)
    chemin = reverse("delegations:accepter", kwargs={"demande_id": demande.pk})
    client.post(chemin)

    reponse = client.post(chemin, follow=True)

    assert "déjà été traitée" in reponse.content.decode()
    assert Delegation.objects.count() == 1


def test_refuser_sans_motif_est_refuse(client, monde, demander):
    demande = demander()
    client.force_login(monde.gestionnaire)
    chemin = reverse("delegations:refuser", kwargs={"demande_id": demande.pk})

    assert "motif" in erreurs(client.post(chemin, {"motif": ""}))
    assert client.post(chemin, {"motif": "Inconnue ici."}).status_code == 302


def test_le_gestionnaire_accorde_par_numero_dans_ses_territoires_seulement(client, monde):
    dehors = EffecteurFactory()
    LieuExerciceFactory(effecteur=dehors, reunion=True)
    client.force_login(monde.gestionnaire)
    chemin, saisie = reverse("delegations:accorder"), {k: v for k, v in SAISIE.items() if k != "ville"}

    refusee = client.post(chemin, saisie | {"numero": dehors.identifiant_national[1:]})
    inconnue = client.post(chemin, saisie | {"numero": "12345"})
    faite = client.post(chemin, saisie | {"numero": monde.effecteur.identifiant_national[1:]})

    assert "en dehors de votre territoire" in erreurs(refusee)["numero"]
    assert "Ni effecteur ni structure" in erreurs(inconnue)["numero"]
    assert faite.status_code == 302
    assert Delegation.objects.get().effecteur == monde.effecteur


# --- Ce que le délégataire a fait -------------------------------------------


def test_le_titulaire_voit_ce_que_le_delegataire_a_fait_chez_lui_et_rien_d_autre(client, monde, delegation):
    delegataire = delegation.delegataire
    tracer(acteur=delegataire, verbe="lieu.modifie", objet=f"lieu:{monde.lieux[0].pk}")
    tracer(acteur=delegataire, verbe="essai.agenda", objet="disponibilite:1", lieu=monde.lieux[1].pk)
    tracer(acteur=delegataire, verbe="essai.ailleurs", objet="lieu:999999")
    tracer(acteur=monde.responsable, verbe="essai.autrui", objet=f"lieu:{monde.lieux[0].pk}")
    client.force_login(monde.medecin)

    page = client.get(url("delegation", delegation))

    verbes = {acte["verbe"] for acte in page.context["actes"]}
    assert verbes == {"Modification d’un lieu", "essai.agenda"}


def test_un_acte_nomme_le_lieu_ou_la_fiche_par_ce_que_le_titulaire_en_connait(client, monde, delegation):
    for objet in (f"lieu:{monde.lieux[0].pk}", f"effecteur:{monde.effecteur.pk}"):
        tracer(acteur=delegation.delegataire, verbe="agenda.lu", objet=objet)
    client.force_login(monde.medecin)

    actes = client.get(url("delegation", delegation)).context["actes"]

    assert [acte["objet"] for acte in actes] == [
        "fiche d’effecteur, Étienne FAVIER",
        f"lieu d’exercice, {monde.lieux[0].adresse_complete}",
    ]


def test_les_listes_ne_coutent_pas_plus_avec_plus_de_lignes(client, monde, delegation, compter_requetes):
    client.force_login(monde.medecin)

    def liste() -> object:
        return client.get(reverse("delegations:donnees"))

    liste()
    avant = compter_requetes(liste)
    for _ in range(5):
        actions.accorder(
            delegataire=CompteFactory(),
            acteur=monde.gestionnaire,
            effecteur=monde.effecteur,
            lieux=[monde.lieux[0]],
            maintenant=monde.maintenant,
        )

    assert compter_requetes(liste) <= avant + 2  # les lieux et leurs communes, une fois pour tous


def test_le_delegataire_voit_pour_qui_il_agit(client, monde, delegation):
    actions.consentir(delegation=delegation, acteur=monde.medecin, maintenant=monde.maintenant)
    client.force_login(delegation.delegataire)

    page = client.get(reverse("delegations:recues"))

    assert page.context["effecteurs"] == [delegation]
    assert str(monde.effecteur) in page.content.decode()


def test_qui_perd_son_role_d_effecteur_ne_consent_plus(client, monde, delegation):
    monde.medecin.habilitations.update(fin_le=monde.maintenant)
    habiliter(monde.medecin, Role.GESTIONNAIRE_STRUCTURE, structure=monde.cpts)
    client.force_login(Compte.objects.get(pk=monde.medecin.pk))

    assert client.post(url("consentir", delegation)).status_code == 404
