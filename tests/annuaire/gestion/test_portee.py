"""Sur quels comptes l’on agit : hiérarchie × territoire, geste par geste, et l’accord des deux lectures."""

from __future__ import annotations

import pytest
from django.urls import reverse

from annuaire.champs import Champ
from annuaire.gestion.portee import comptes_du, territoires_des_comptes
from annuaire.models import Delegation
from comptes.enums import Role
from comptes.models import Compte, Trace
from tests.annuaire.factories import LieuExerciceFactory, habiliter
from tests.comptes.factories import CompteFactory, HabilitationFactory

GESTES = ("modifier", "bienvenue", "desactiver", "reactiver", "supprimer")
# Qui agit → sur qui il agit, dans son territoire puis ailleurs.
ADMIS = {
    "administrateur": set(Role),
    "gestionnaire": {
        Role.OSNP,
        Role.REGULATEUR,
        Role.IOA,
        Role.EFFECTEUR,
        Role.DELEGATAIRE,
        Role.GESTIONNAIRE_STRUCTURE,
        Role.REFERENT,
    },
}


def cible(monde, role: Role, territoire: str) -> Compte:
    """Un compte de ce rôle, dans ce territoire de la façon qui lui est propre."""
    ici = territoire == "ici"
    effecteur = monde.effecteur if ici else monde.effecteur_reunion
    if role == Role.EFFECTEUR:
        return CompteFactory(role=role, identifiant_national=effecteur.identifiant_national)
    compte = CompteFactory()
    if role == Role.DELEGATAIRE:
        HabilitationFactory(compte=compte, role=role)
        Delegation.objects.create(delegataire=compte, effecteur=effecteur, debut_le=monde.maintenant)
    elif role == Role.GESTIONNAIRE_STRUCTURE:
        habiliter(compte, role, structure=monde.msp if ici else monde.msp_reunion)
    else:
        habiliter(compte, role, territoire=monde.nord if ici else monde.reunion)
    return compte


@pytest.mark.parametrize("territoire", ["ici", "ailleurs"])
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("qui", ["administrateur", "gestionnaire"])
def test_on_n_agit_que_sous_soi_et_dans_ses_territoires(monde, client_de, qui, role, territoire):
    compte = cible(monde, role, territoire)
    client = client_de(getattr(monde, qui))
    admis = role in ADMIS[qui] and (qui == "administrateur" or territoire == "ici")

    for geste in GESTES:
        etat = client.get(reverse(f"gestion:{geste}", args=[compte.pk])).status_code
        assert (etat != 404) is admis, (geste, etat)
    if not admis:
        for geste in GESTES:
            assert client.post(reverse(f"gestion:{geste}", args=[compte.pk])).status_code == 404
        assert Compte.objects.get(pk=compte.pk).is_active
        assert Trace.objects.filter(verbe="acces.refuse", objet=f"compte:{compte.pk}").exists()
    vu = client.get(reverse("gestion:compte", args=[compte.pk])).status_code == 200
    assert vu is (qui == "administrateur" or territoire == "ici")


def test_nul_n_agit_sur_son_propre_compte(monde, client_de):
    for compte in (monde.administrateur, monde.gestionnaire):
        for geste in GESTES:
            assert client_de(compte).get(reverse(f"gestion:{geste}", args=[compte.pk])).status_code == 404


def test_le_support_voit_tout_et_ne_touche_a_rien(monde, client_de):
    client = client_de(CompteFactory(role=Role.SUPPORT))

    assert client.get(reverse("gestion:compte", args=[monde.osnp.pk])).status_code == 200
    assert client.get(reverse("gestion:liste")).status_code == 200
    for geste in GESTES:
        assert client.get(reverse(f"gestion:{geste}", args=[monde.osnp.pk])).status_code == 404
    assert client.get(reverse("gestion:creer")).status_code == 404


def test_un_role_date_de_demain_compte_deja_dans_la_hierarchie(monde, gestionnaire):
    HabilitationFactory(
        compte=monde.osnp, role=Role.ADMINISTRATEUR, debut_le=monde.maintenant.replace(year=2027)
    )

    assert gestionnaire.get(reverse("gestion:modifier", args=[monde.osnp.pk])).status_code == 404


def test_un_compte_anonymise_ne_se_voit_plus(monde, client_de):
    client = client_de(monde.administrateur)
    client.post(reverse("gestion:supprimer", args=[monde.osnp.pk]))

    assert client.get(reverse("gestion:compte", args=[monde.osnp.pk])).status_code == 404


@pytest.mark.parametrize("role", Role)
def test_les_deux_lectures_du_territoire_s_accordent(monde, role):
    """Filtrer par territoire, et lire les territoires d’un compte : deux requêtes, une seule règle."""
    LieuExerciceFactory(effecteur=monde.effecteur, est_actif=False, reunion=True)
    compte = cible(monde, role, "ici")

    lus = territoires_des_comptes(Compte.objects.values_list("pk", flat=True), instant=monde.maintenant)

    for territoire in (monde.nord, monde.reunion):
        vise = Champ(territoires=frozenset({territoire.pk}))
        par_filtre = set(comptes_du(vise, instant=monde.maintenant).values_list("pk", flat=True))
        assert par_filtre == {pk for pk, siens in lus.items() if territoire.pk in siens}
    assert lus[compte.pk] == {monde.nord.pk}


def test_un_role_retire_pendant_la_session_ferme_la_page_suivante(monde, gestionnaire):
    adresse = reverse("gestion:compte", args=[monde.osnp.pk])
    assert gestionnaire.get(adresse).status_code == 200

    monde.gestionnaire.habilitations.update(fin_le=monde.maintenant)

    assert gestionnaire.get(adresse).status_code == 404


def test_un_territoire_retire_pendant_la_session_ferme_la_page_suivante(monde, gestionnaire):
    from annuaire.models import Perimetre

    adresse = reverse("gestion:modifier", args=[monde.osnp.pk])
    assert gestionnaire.get(adresse).status_code == 200

    Perimetre.objects.filter(habilitation__compte=monde.gestionnaire).update(fin_le=monde.maintenant)

    assert gestionnaire.get(adresse).status_code == 404
