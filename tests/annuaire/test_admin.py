import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from tests.annuaire.factories import (
    EffecteurFactory,
    LieuExerciceFactory,
    SpecialiteFactory,
    StructureFactory,
)
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.django_db
MODELES = ["departement", "commune", "profession", "specialite", "structure", "effecteur", "lieuexercice"]


@pytest.fixture
def administrateur(client):
    client.force_login(CompteFactory(administrateur=True))
    return client


@pytest.mark.parametrize("modele", MODELES)
def test_l_administrateur_cherche_dans_chaque_table(administrateur, modele):
    LieuExerciceFactory()
    SpecialiteFactory()

    reponse = administrateur.get(reverse(f"admin:annuaire_{modele}_changelist"), {"q": "a"})

    assert reponse.status_code == 200


def test_un_fuseau_inconnu_ou_etranger_se_refuse_sur_son_champ():
    for fuseau in ("Mars/Olympus", "Asia/Tokyo", ""):
        with pytest.raises(ValidationError) as refus:
            LieuExerciceFactory.build(fuseau=fuseau).clean_fields(exclude=["effecteur", "commune"])
        assert list(refus.value.message_dict) == ["fuseau"]


def test_un_lieu_se_corrige_sans_liste_de_tous_les_effecteurs(administrateur):
    lieu, autre = LieuExerciceFactory(), LieuExerciceFactory()

    page = administrateur.get(reverse("admin:annuaire_lieuexercice_change", args=[lieu.pk])).content.decode()

    assert str(lieu.effecteur) in page
    assert str(autre.effecteur) not in page


def test_l_administration_est_fermee_aux_autres(client):
    client.force_login(CompteFactory(osnp=True))

    assert client.get(reverse("admin:annuaire_effecteur_changelist")).status_code == 404


@pytest.mark.parametrize("fabrique", [LieuExerciceFactory, EffecteurFactory, StructureFactory])
def test_ce_dont_dependent_des_droits_ne_s_efface_pas(administrateur, fabrique):
    """Une délégation limitée à un lieu effacé vaudrait pour tous les autres."""
    objet = fabrique()
    route = f"admin:annuaire_{objet._meta.model_name}_delete"

    reponse = administrateur.post(reverse(route, args=[objet.pk]), {"post": "yes"})

    assert reponse.status_code == 403
    assert type(objet).objects.filter(pk=objet.pk).exists()
