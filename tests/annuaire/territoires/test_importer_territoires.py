from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from annuaire.models import Territoire
from tests.annuaire.factories import CommuneFactory, TerritoireFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def importer(tmp_path, capsys):
    def lancer(texte: str, *options: str) -> str:
        fichier = tmp_path / "territoires.csv"
        fichier.write_text(texte, encoding="utf-8")
        call_command("importer_territoires", fichier, *options)
        return capsys.readouterr().out

    return lancer


def test_le_fichier_cree_et_remplace_les_contours(importer):
    reunion = CommuneFactory(reunion=True)
    lille = CommuneFactory()
    TerritoireFactory(nom="SAS Lille", departements=[reunion.departement])
    texte = "territoire;code\nSAS Lille;59350\nSAS-974;974\n"

    simulation = importer(texte)
    apres_simulation = Territoire.objects.count()
    ecriture = importer(texte, "--ecrire")

    assert "Simulation" in simulation
    assert apres_simulation == 1
    assert "2 territoires, dont 1 nouveaux." in ecriture
    assert list(Territoire.objects.couvrant(lille)) == [Territoire.objects.get(nom="SAS Lille")]
    assert not Territoire.objects.get(nom="SAS Lille").departements.exists()


@pytest.mark.parametrize(
    ("texte", "message"),
    [
        ("nom;insee\nSAS;59350\n", "Colonnes attendues"),
        ("territoire;code\nSAS;59350\nSAS;99999\n", "Codes inconnus"),
        ("territoire;code\nSAS;\n", "Ligne 2"),
    ],
    ids=["colonnes", "code inconnu", "code absent"],
)
def test_un_fichier_faux_n_ecrit_rien(importer, texte, message):
    CommuneFactory()

    with pytest.raises(CommandError, match=message):
        importer(texte, "--ecrire")

    assert not Territoire.objects.exists()
