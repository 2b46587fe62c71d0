from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annuaire.champs import champ, lieux_du
from annuaire.domaine.identifiants import cle_luhn
from annuaire.enums import SourceLieu, TypeStructure
from annuaire.models import Delegation, LieuExercice, Rattachement, Structure
from comptes.enums import Action, Role
from comptes.models import Compte, Courriel, Trace
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
POINT_FIXE = {
    "nom": "Point fixe Vauban",
    "adresse": "1 rue de Douai",
    "code_postal": "59000",
    "ville": "Lille",
    "telephone": "03 20 00 00 00",
}


def url(nom: str, structure: Structure, **arguments: int) -> str:
    return reverse(f"structures:{nom}", kwargs={"structure_id": structure.pk} | arguments)


def messages(reponse) -> str:
    return " ".join(str(message) for message in reponse.context["messages"])


def lieux_tenus(compte: Compte) -> set[int]:
    maintenant = timezone.now()
    tenu = champ(Compte.objects.get(pk=compte.pk), Action.TENIR_AGENDA, instant=maintenant)
    return set(lieux_du(tenu, instant=maintenant).values_list("pk", flat=True))


# --- Qui voit quoi ----------------------------------------------------------


def test_le_gestionnaire_voit_ses_structures_et_elles_seules(gestion, cpts, sos):
    autre = StructureFactory(nom="Centre d’ailleurs")

    liste = gestion.get(reverse("structures:liste")).content.decode()

    assert "CPTS de Lille" in liste
    assert "SOS Médecins Lille" in liste
    assert "Centre d’ailleurs" not in liste
    assert gestion.get(url("structure", autre)).status_code == 404


@pytest.mark.parametrize(
    ("nom", "arguments"),
    [
        ("structure", {}),
        ("informations", {}),
        ("zone", {}),
        ("chercher_membre", {}),
        ("rattacher", {"effecteur_id": 1}),
        ("ajouter_point_fixe", {}),
        ("modifier_point_fixe", {"lieu_id": 1}),
    ],
)
def test_le_gestionnaire_d_une_autre_structure_ne_voit_rien(client, cpts, nom, arguments):
    etranger = CompteFactory()
    habiliter(etranger, Role.GESTIONNAIRE_STRUCTURE, structure=StructureFactory(cpts=True))
    client.force_login(etranger)

    assert client.get(url(nom, cpts, **arguments)).status_code == 404


def test_un_role_fini_ne_montre_plus_rien(gestion, responsable, cpts):
    responsable.habilitations.update(fin_le=timezone.now())

    assert gestion.get(url("structure", cpts)).status_code == 404


def test_le_delegataire_de_la_structure_la_tient_jusqu_a_la_revocation(client, responsable, cpts):
    delegataire = CompteFactory(role=Role.DELEGATAIRE)
    hier = timezone.now() - timedelta(days=1)
    delegation = Delegation.objects.create(
        delegataire=delegataire, structure=cpts, debut_le=hier, consentie_le=hier, consentie_par=responsable
    )
    client.force_login(delegataire)

    avant = client.get(url("zone", cpts)).status_code
    delegation.revoquee_le = timezone.now()
    delegation.save()

    assert avant == 200
    assert client.get(url("zone", cpts)).status_code == 404


def test_la_liste_ne_coute_pas_plus_avec_plus_de_structures(admin, compter_requetes):
    StructureFactory()

    def liste() -> object:
        return admin.get(reverse("structures:liste"))

    liste()
    avant = compter_requetes(liste)
    for _ in range(5):
        StructureFactory()

    assert compter_requetes(liste) == avant


def test_l_administrateur_cherche_par_nom_ou_numero(admin):
    cherchee = StructureFactory(nom="Centre Émile Roux", finess="590000014")
    StructureFactory(nom="Autre centre")

    for texte in ("emile roux", "590000014", "59 0000 014"):
        page = admin.get(reverse("structures:liste"), {"q": texte}).context["structures"]
        assert list(page) == [cherchee], texte


# --- Zone et informations ---------------------------------------------------


def envoyer_zone(client: Client, cpts: Structure, communes: str, departements: str = ""):
    vu = client.get(url("zone", cpts)).context["form"]["vu"].value()
    saisie = {"communes": communes, "departements": departements, "vu": vu}
    return client.post(url("zone", cpts), saisie)


def test_la_zone_se_donne_par_codes_insee_ou_par_departement(gestion, cpts, lille):
    CommuneFactory(code_insee="59178", nom="Douai")
    CommuneFactory(code_insee="59355", nom="Lomme", commune_parente=lille)

    envoyer_zone(gestion, cpts, "59350")
    avant = {commune.pk for commune in cpts.communes_intervention.all()}
    envoyer_zone(gestion, cpts, "59350", "59")
    apres = {commune.pk for commune in cpts.communes_intervention.all()}
    envoyer_zone(gestion, cpts, "")

    assert avant == {"59350"}
    assert apres == {"59350", "59178"}
    assert not cpts.communes_intervention.exists()


def test_un_code_inconnu_est_refuse_sur_son_champ(gestion, cpts, lille):
    reponse = envoyer_zone(gestion, cpts, "59350 99999")

    assert "99999" in str(reponse.context["form"].errors["communes"])
    assert not cpts.communes_intervention.exists()


def test_deux_personnes_qui_changent_la_zone_ne_s_ecrasent_pas(gestion, cpts, lille):
    vu = gestion.get(url("zone", cpts)).context["form"]["vu"].value()
    envoyer_zone(gestion, cpts, "59350")

    reponse = gestion.post(url("zone", cpts), {"communes": "", "departements": "", "vu": vu})

    assert "entre-temps" in reponse.content.decode()
    assert cpts.communes_intervention.count() == 1


def test_seule_une_cpts_a_une_zone(gestion, sos):
    assert gestion.get(url("zone", sos)).status_code == 404


def test_les_informations_tiennent_en_mille_caracteres(gestion, cpts):
    vu = gestion.get(url("informations", cpts)).context["form"]["vu"].value()

    trop = gestion.post(url("informations", cpts), {"texte": "a" * 1001, "vu": vu})
    juste = gestion.post(url("informations", cpts), {"texte": "a\r\n" * 333 + "a", "vu": vu})

    assert "caractères au plus" in str(trop.context["form"].errors["texte"])
    assert juste.status_code == 302
    cpts.refresh_from_db()
    assert len(cpts.informations_complementaires) == 667


# --- Membres ----------------------------------------------------------------


@pytest.fixture
def medecin() -> Compte:
    effecteur = EffecteurFactory(nom="FAVIER", prenom="Étienne")
    LieuExerciceFactory(effecteur=effecteur)
    return CompteFactory(role=Role.EFFECTEUR, identifiant_national=effecteur.identifiant_national)


@pytest.fixture
def lieu(medecin) -> LieuExercice:
    return LieuExercice.objects.get(effecteur__identifiant_national=medecin.identifiant_national)


def proposer(client: Client, cpts: Structure, lieu: LieuExercice):
    chemin = url("rattacher", cpts, effecteur_id=lieu.effecteur_id)
    return client.post(chemin, {"lieux": [lieu.pk]}, follow=True)


def test_on_trouve_un_effecteur_par_nom_ou_par_rpps(gestion, cpts, lieu):
    for texte in ("favier", lieu.effecteur.identifiant_national[1:]):
        page = gestion.get(url("chercher_membre", cpts), {"q": texte})
        assert page.context["trouves"] == [lieu.effecteur], texte


def test_un_rattachement_n_ouvre_l_agenda_qu_une_fois_accepte_par_l_effecteur(
    gestion, responsable, cpts, lieu, medecin
):
    proposer(gestion, cpts, lieu)
    propose = lieux_tenus(responsable)
    gestion.force_login(medecin)
    rattachement = Rattachement.objects.get()
    gestion.post(reverse("mon_compte:accepter_rattachement", kwargs={"rattachement_id": rattachement.pk}))
    accepte = lieux_tenus(responsable)
    gestion.post(reverse("mon_compte:quitter_structure", kwargs={"rattachement_id": rattachement.pk}))

    assert propose == set()
    assert accepte == {lieu.pk}
    assert lieux_tenus(responsable) == set()
    assert Courriel.objects.get().destinataire == medecin.email


def test_un_lieu_ne_se_propose_pas_deux_fois(gestion, cpts, lieu):
    proposer(gestion, cpts, lieu)

    proposer(gestion, cpts, lieu)

    assert Rattachement.objects.count() == 1


def test_on_ne_rattache_pas_le_lieu_d_un_autre(gestion, cpts, lieu):
    autre = LieuExerciceFactory()

    reponse = gestion.post(
        url("rattacher", cpts, effecteur_id=lieu.effecteur_id), {"lieux": [lieu.pk, autre.pk]}
    )

    assert "lieux" in reponse.context["form"].errors
    assert not Rattachement.objects.exists()


def test_le_gestionnaire_retire_un_membre_une_fois(gestion, cpts, lieu, horloge):
    proposer(gestion, cpts, lieu)
    horloge.shift(60)
    chemin = url("terminer_rattachement", cpts, rattachement_id=Rattachement.objects.get().pk)

    gestion.post(chemin)

    assert gestion.post(chemin).status_code == 404
    assert Trace.objects.order_by("pk").last().verbe == "structure.membre_retire"


def test_le_gestionnaire_ne_retire_pas_le_membre_d_une_autre_structure(gestion, cpts, lieu):
    autre = Rattachement.objects.create(structure=StructureFactory(cpts=True), lieu=lieu)

    assert gestion.post(url("terminer_rattachement", cpts, rattachement_id=autre.pk)).status_code == 404


def test_on_n_accepte_ni_ne_quitte_pour_un_autre(client, cpts, lieu, responsable):
    rattachement = Rattachement.objects.create(structure=cpts, lieu=lieu)
    autre = EffecteurFactory()
    client.force_login(CompteFactory(role=Role.EFFECTEUR, identifiant_national=autre.identifiant_national))

    for nom in ("accepter_rattachement", "quitter_structure"):
        chemin = reverse(f"mon_compte:{nom}", kwargs={"rattachement_id": rattachement.pk})
        assert client.post(chemin).status_code == 404


# --- Points fixes -----------------------------------------------------------


def test_un_point_fixe_s_ajoute_se_modifie_et_se_ferme(gestion, sos, lille):
    gestion.post(url("ajouter_point_fixe", sos), POINT_FIXE)
    lieu = LieuExercice.objects.get()
    gestion.post(url("modifier_point_fixe", sos, lieu_id=lieu.pk), POINT_FIXE | {"adresse": "2 rue de Douai"})
    gestion.post(url("activer_point_fixe", sos, lieu_id=lieu.pk), {"actif": "non"})

    lieu.refresh_from_db()
    assert (lieu.source, lieu.siret, lieu.telephone) == (SourceLieu.SAISIE, sos.siret, "+33320000000")
    assert (lieu.lat, lieu.fuseau) == (lille.lat, "Europe/Paris")
    assert (lieu.adresse, lieu.est_actif) == ("2 rue de Douai", False)
    verbes = list(Trace.objects.order_by("pk").values_list("verbe", flat=True))
    assert verbes == ["lieu.cree", "lieu.modifie", "lieu.ferme"]


def test_le_point_fixe_prend_le_fuseau_de_sa_commune(gestion, sos):
    CommuneFactory(reunion=True)
    saisie = POINT_FIXE | {
        "ville": "Saint-Denis",
        "code_postal": "97400",
        "telephone": "+262 (0) 2 62 00 00 00",
    }

    gestion.post(url("ajouter_point_fixe", sos), saisie)

    lieu = LieuExercice.objects.get()
    assert (lieu.fuseau, lieu.telephone) == ("Indian/Reunion", "+262262000000")
    form = gestion.get(url("modifier_point_fixe", sos, lieu_id=lieu.pk)).context["form"]
    assert form["telephone"].value() == "02 62 00 00 00"


@pytest.mark.parametrize(
    ("champs", "champ", "message"),
    [
        ({"code_postal": "75001"}, "code_postal", "n’est pas de Lille"),
        ({"code_postal": "59"}, "code_postal", "cinq chiffres"),
        ({"telephone": "12"}, "telephone", "pas valable"),
        ({"ville": "Atlantide"}, "ville", "Aucune commune"),
        ({"ville": ""}, "ville", "Sélectionnez votre ville"),
    ],
)
def test_une_adresse_fausse_est_refusee_sur_son_champ(gestion, sos, lille, champs, champ, message):
    reponse = gestion.post(url("ajouter_point_fixe", sos), POINT_FIXE | champs)

    assert message in str(reponse.context["form"].errors[champ])
    assert not LieuExercice.objects.exists()


def test_une_cpts_n_a_pas_de_point_fixe(gestion, cpts):
    assert gestion.get(url("ajouter_point_fixe", cpts)).status_code == 404


def test_on_ne_modifie_pas_le_point_fixe_d_une_autre_structure(gestion, sos):
    autre = LieuExerciceFactory(de_structure=True, structure=StructureFactory(sos=True))

    assert gestion.get(url("modifier_point_fixe", sos, lieu_id=autre.pk)).status_code == 404
    assert gestion.post(url("activer_point_fixe", sos, lieu_id=autre.pk)).status_code == 404


# --- Création par l’administrateur ------------------------------------------

FINESS = "59000001" + cle_luhn("59000001")
SIRET = "1234567890001" + cle_luhn("1234567890001")
CENTRE = POINT_FIXE | {"type": TypeStructure.SNP, "finess": FINESS, "siret": ""}


def test_l_administrateur_cree_un_centre_de_soins_non_programmes(admin, lille):
    admin.post(reverse("structures:creer"), CENTRE)

    creee = Structure.objects.get()
    assert (creee.type, creee.finess, creee.siret) == (TypeStructure.SNP, FINESS, "")
    assert creee.nom_recherche == "point fixe vauban"


@pytest.mark.parametrize(
    ("champs", "champ", "message"),
    [
        ({"finess": FINESS[:-1] + str((int(FINESS[-1]) + 1) % 10)}, "finess", "clé de ce FINESS"),
        ({"finess": "12"}, "finess", "neuf signes"),
        ({"siret": SIRET[:-1] + str((int(SIRET[-1]) + 1) % 10)}, "siret", "clé de ce SIRET"),
        ({"finess": ""}, "finess", "un FINESS ou un SIRET"),
        ({"type": TypeStructure.SOS}, "siret", "à son SIRET"),
        ({"type": TypeStructure.CPTS, "finess": "", "siret": SIRET}, "finess", "à son FINESS"),
    ],
)
def test_un_identifiant_faux_ou_absent_est_refuse(admin, lille, champs, champ, message):
    """W-41 : ni le FINESS ni le SIRET d’une structure n’étaient vérifiés."""
    reponse = admin.post(reverse("structures:creer"), CENTRE | champs)

    assert message in str(reponse.context["form"].errors[champ])
    assert not Structure.objects.exists()


def test_un_identifiant_deja_porte_est_refuse(admin, lille):
    StructureFactory(finess=FINESS)
    StructureFactory(type=TypeStructure.SNP, finess=None, siret=SIRET)

    doublon = admin.post(reverse("structures:creer"), CENTRE)
    meme_siret = admin.post(reverse("structures:creer"), CENTRE | {"finess": "", "siret": SIRET})

    assert "déjà ce FINESS" in str(doublon.context["form"].errors["finess"])
    assert "déjà ce SIRET" in str(meme_siret.context["form"].errors["siret"])


def test_le_gestionnaire_ne_cree_pas_de_structure(gestion):
    assert gestion.get(reverse("structures:creer")).status_code == 404


def test_la_ville_ambigue_se_choisit_dans_une_liste(admin, lille):
    saint_denis_93 = CommuneFactory(
        code_insee="93066",
        nom="Saint-Denis",
        departement=DepartementFactory(code="93", nom="Seine-Saint-Denis"),
        codes_postaux=["93200"],
    )
    CommuneFactory(reunion=True)
    saisie = CENTRE | {"ville": "Saint-Denis", "code_postal": "93200"}

    question = admin.post(reverse("structures:creer"), saisie)
    admin.post(reverse("structures:creer"), saisie | {"commune": "93066"})

    assert {cle for cle, _ in question.context["form"].fields["commune"].choices} == {"93066", "97411"}
    assert Structure.objects.get().commune == saint_denis_93
