"""Ce que l’administrateur national règle : connexion de secours et versions des CGU."""

from __future__ import annotations

import pytest
from django.utils import timezone

from comptes.cgu import en_vigueur
from comptes.enums import Role
from comptes.models import OuvertureSecours, Trace, VersionCGU

pytestmark = pytest.mark.django_db
SECOURS = "/administration/comptes/ouverturesecours/add/"


@pytest.fixture
def administrateur(client, compte_local):
    personne = compte_local(role=Role.ADMINISTRATEUR)
    client.force_login(personne)
    return personne


def periode(fin: str) -> dict[str, str]:
    return {
        "debut_le_0": "17/03/2026",
        "debut_le_1": "09:00",
        "fin_le_0": "17/03/2026",
        "fin_le_1": fin,
        "motif": "Incident annoncé par l’ANS",
    }


def test_ouvrir_la_connexion_de_secours_dit_qui_et_se_trace(client, administrateur):
    reponse = client.post(SECOURS, periode("12:00"))

    assert reponse.status_code == 302
    assert OuvertureSecours.objects.get().ouverte_par == administrateur
    assert Trace.objects.filter(verbe="secours.ouvert", acteur=administrateur).exists()


def test_une_fin_avant_le_debut_est_refusee(client, administrateur):
    reponse = client.post(SECOURS, periode("08:00"))

    assert "se ferme après s’être ouverte" in reponse.content.decode()
    assert not OuvertureSecours.objects.exists()


def test_une_version_publiee_des_cgu_ne_change_plus(client, administrateur, horloge):
    version = en_vigueur(timezone.now())
    chemin = f"/administration/comptes/versioncgu/{version.pk}/change/"

    reponse = client.post(chemin, {"numero": "1.0", "texte": "Autre chose"})

    assert reponse.status_code in (403, 404)
    assert VersionCGU.objects.get(pk=version.pk).texte == version.texte
