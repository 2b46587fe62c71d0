"""Ce qu’un import change à l’annuaire en place, et ce qu’il ne change pas sans qu’on le confirme."""

import pytest
from django.core.management import CommandError

from annuaire.models import Effecteur, LieuExercice
from tests.annuaire.extractions import ecrire_rpps, ligne_rpps
from tests.annuaire.factories import LieuExerciceFactory
from tests.annuaire.importer_rpps.commande import etat, importer, personnes


def test_rejouer_ne_change_rien(fichier):
    ecrire_rpps(fichier, *personnes(5), ligne_rpps(structure="C200"))
    importer(fichier, "--ecrire")
    avant = etat()

    resume, _ = importer(fichier, "--ecrire")

    assert etat() == avant
    assert "0 effecteurs créés, 0 modifiés, 0 devenus inactifs" in resume
    assert "0 lieux créés, 0 lieux modifiés, 0 lieux devenus inactifs" in resume


def test_un_import_qui_ferait_disparaitre_trop_de_monde_est_retenu(fichier):
    ecrire_rpps(fichier, *personnes(40))
    importer(fichier, "--ecrire")
    ecrire_rpps(fichier, *personnes(37))
    avant = etat()

    with pytest.raises(CommandError, match=r"3 disparaîtraient.*--confirmer") as refus:
        importer(fichier, "--ecrire")

    assert refus.value.returncode == 3
    assert etat() == avant


def test_un_import_qui_changerait_trop_d_identites_est_retenu(fichier):
    ecrire_rpps(fichier, *personnes(40))
    importer(fichier, "--ecrire")
    ecrire_rpps(fichier, *personnes(40, nom="AUTRE"))

    with pytest.raises(CommandError, match="40 identités changeraient"):
        importer(fichier, "--ecrire")


@pytest.mark.parametrize(
    ("valeurs", "message"),
    [
        pytest.param({"structure": "C999"}, "0 lieux changeraient et 40 disparaîtraient", id="autres sites"),
        pytest.param({"voie": "AUTRE RUE"}, "40 lieux changeraient et 0 disparaîtraient", id="déménagés"),
    ],
)
def test_un_import_qui_toucherait_trop_de_lieux_est_retenu(fichier, valeurs, message):
    ecrire_rpps(fichier, *personnes(40))
    importer(fichier, "--ecrire")
    ecrire_rpps(fichier, *personnes(40, **valeurs))
    avant = etat()

    with pytest.raises(CommandError, match=message) as refus:
        importer(fichier, "--ecrire")

    assert refus.value.returncode == 3
    assert etat() == avant


def test_un_changement_de_telephone_n_est_pas_retenu(fichier):
    ecrire_rpps(fichier, *personnes(40))
    importer(fichier, "--ecrire")
    ecrire_rpps(fichier, *personnes(40, telephone="0353010099"))

    resume, _ = importer(fichier, "--ecrire")

    assert "40 lieux modifiés" in resume


def test_cinq_pour_cent_tout_juste_passent(fichier):
    ecrire_rpps(fichier, *personnes(40))
    importer(fichier, "--ecrire")
    ecrire_rpps(fichier, *personnes(38))

    resume, _ = importer(fichier, "--ecrire")

    assert "2 devenus inactifs" in resume


def test_confirmer_passe_outre_et_rien_n_est_supprime(fichier):
    ecrire_rpps(fichier, *personnes(10))
    importer(fichier, "--ecrire")
    ecrire_rpps(fichier, *personnes(4))

    importer(fichier, "--ecrire", "--confirmer")

    assert Effecteur.objects.count() == LieuExercice.objects.count() == 10
    assert Effecteur.objects.filter(est_actif=True).count() == 4
    assert LieuExercice.objects.filter(est_actif=True).count() == 4


def test_qui_revient_redevient_actif(fichier):
    ecrire_rpps(fichier, *personnes(3))
    importer(fichier, "--ecrire")
    ecrire_rpps(fichier, *personnes(2))
    importer(fichier, "--ecrire", "--confirmer")
    ecrire_rpps(fichier, *personnes(3))

    importer(fichier, "--ecrire")

    assert not Effecteur.objects.filter(est_actif=False).exists()
    assert not LieuExercice.objects.filter(est_actif=False).exists()


def test_un_lieu_ferme_devient_inactif_et_ce_qui_est_saisi_demeure(fichier):
    ecrire_rpps(fichier, ligne_rpps(), ligne_rpps(structure="C200"))
    importer(fichier, "--ecrire")
    LieuExercice.objects.update(informations_complementaires="Sonner deux fois.")
    ecrire_rpps(fichier, ligne_rpps(telephone="0353010099"))

    importer(fichier, "--ecrire", "--confirmer")

    ouvert, ferme = LieuExercice.objects.order_by("cle")
    assert (ouvert.est_actif, ouvert.telephone) == (True, "+33353010099")
    assert ouvert.informations_complementaires == "Sonner deux fois."
    assert not ferme.est_actif


def test_les_donnees_fictives_ne_disparaissent_pas(fichier):
    fictif = LieuExerciceFactory()
    ecrire_rpps(fichier, ligne_rpps())

    importer(fichier, "--ecrire")

    fictif.refresh_from_db()
    assert fictif.est_actif
    assert fictif.effecteur.est_actif
