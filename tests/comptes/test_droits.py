"""La table des droits : complète, fidèle au texte qu’un juriste relit, et bornée par la hiérarchie."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from comptes.droits import NIVEAUX, TABLE, niveau, roles_accordables
from comptes.enums import Action, Etendue, Role
from comptes.management.commands import tableau_des_droits

DE_TERRAIN = {
    Role.OSNP,
    Role.REGULATEUR,
    Role.IOA,
    Role.EFFECTEUR,
    Role.DELEGATAIRE,
    Role.GESTIONNAIRE_STRUCTURE,
    Role.REFERENT,
}


def test_chaque_action_est_dans_la_table_et_chaque_role_a_un_niveau():
    assert set(TABLE) == set(Action)
    assert all(TABLE.values())
    assert set(NIVEAUX) == set(Role)


@pytest.mark.parametrize("role", [Role.GESTIONNAIRE_COMPTES, Role.REFERENT, Role.GESTIONNAIRE_STRUCTURE])
def test_un_role_local_ne_s_etend_a_la_france_que_pour_chercher(role):
    nationales = {action for action, etendues in TABLE.items() if etendues.get(role) is Etendue.FRANCE}

    assert nationales <= {Action.CHERCHER}


def test_voir_sans_orienter_reste_le_fait_de_qui_ne_regule_pas():
    for role in (Role.GESTIONNAIRE_COMPTES, Role.ADMINISTRATEUR):
        assert role in TABLE[Action.CHERCHER]
        assert role not in TABLE[Action.ORIENTER]
        assert role not in TABLE[Action.ORIENTER_EN_SUS]


@pytest.mark.parametrize(
    ("roles", "accordables"),
    [
        pytest.param({Role.ADMINISTRATEUR}, set(Role), id="administrateur"),
        pytest.param({Role.GESTIONNAIRE_COMPTES}, DE_TERRAIN, id="gestionnaire de comptes"),
        pytest.param({Role.SUPPORT}, set(), id="le support lit sans gérer"),
        pytest.param({Role.GESTIONNAIRE_COMPTES, Role.SUPPORT}, DE_TERRAIN, id="le support n’élève pas"),
        pytest.param({Role.OSNP, Role.EFFECTEUR}, set(), id="rôles de terrain"),
        pytest.param(set(), set(), id="sans rôle"),
    ],
)
def test_nul_n_accorde_un_role_de_son_niveau_hors_l_administrateur(roles, accordables):
    assert roles_accordables(roles) == accordables


def test_le_niveau_d_une_personne_est_celui_de_son_plus_haut_role():
    assert niveau([Role.OSNP, Role.GESTIONNAIRE_COMPTES]) == NIVEAUX[Role.GESTIONNAIRE_COMPTES]
    assert niveau([]) == 0


def test_le_document_des_droits_est_a_jour():
    """En cas d’échec : `manage.py tableau_des_droits --ecrire`."""
    assert (Path(settings.RACINE) / "docs" / "droits.md").read_text() == tableau_des_droits.rendre()


def test_la_commande_montre_sans_ecrire_puis_ecrit(tmp_path, monkeypatch):
    fichier = tmp_path / "droits.md"
    monkeypatch.setattr(tableau_des_droits, "FICHIER", fichier)
    sortie = StringIO()

    call_command("tableau_des_droits", stdout=sortie)
    assert not fichier.exists()
    call_command("tableau_des_droits", "--ecrire", stdout=StringIO())

    assert fichier.read_text().strip() == sortie.getvalue().strip()
    for role in Role:
        assert f"### {role.label}" in fichier.read_text()
