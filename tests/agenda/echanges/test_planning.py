"""Importer un planning : relu ligne par ligne, écrit d’un bloc, défait d’un bloc."""

import datetime as dt
from collections.abc import Sequence

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from agenda.echanges.fichiers import lire
from agenda.echanges.lot import DISPONIBILITES_MAX, Lot, relire
from agenda.echanges.planning import garder, importer
from agenda.models import Disponibilite, GesteAgenda, ImportPlanning
from agenda.pages.acces import lieux_tenus
from annuaire.models import LieuExercice
from comptes.models import Trace
from orientation.lectures import offre_du_lieu
from participation.models import Participation
from tests.agenda.echanges.classeurs import classeur
from tests.agenda.echanges.conftest import MAINTENANT
from tests.agenda.factories import ReservationFactory
from tests.annuaire.factories import LieuExerciceFactory
from tests.comptes.factories import CompteFactory
from tests.participation.factories import ParticipationFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("heure_fixe")]

ENTETE = ["lieu", "jour", "de", "a", "genre", "patients", "types", "duree_creneau", "du", "au", "semaines"]
BONNE = {
    "jour": "lundi, jeudi",
    "de": "9:00",
    "a": "12:00",
    "genre": "plage",
    "patients": "6",
    "types": "cabinet",
    "du": "24/11/2026",
}


def ligne(lieu: LieuExercice | str, **change: str) -> list[str]:
    numero = str(lieu.pk) if isinstance(lieu, LieuExercice) else lieu
    valeurs = BONNE | change | {"lieu": numero}
    return [valeurs.get(colonne, "") for colonne in ENTETE]


def fichier(*lignes: Sequence[str], nom: str = "planning.csv") -> SimpleUploadedFile:
    texte = "\n".join(";".join(f'"{c}"' for c in ligne) for ligne in [ENTETE, *lignes])
    return SimpleUploadedFile(nom, texte.encode())


def relu(compte, *lignes: Sequence[str]) -> Lot:
    lues = lire(fichier(*lignes).read())
    return relire(lues, tenus=lieux_tenus(compte, MAINTENANT), maintenant=MAINTENANT)


def colonnes(compte, *lignes: Sequence[str]) -> list[str]:
    return [colonne for fautive in relu(compte, *lignes).fautives for colonne in fautive.erreurs]


@pytest.fixture
def connecte(client, gestionnaire) -> Client:
    client.force_login(gestionnaire)
    return client


def envoyer(client: Client, *lignes: Sequence[str], **options):
    return client.post(reverse("echanges:planning"), {"fichier": fichier(*lignes, **options)})


def importer_tout(client: Client, *lignes: Sequence[str]) -> ImportPlanning:
    reponse = envoyer(client, *lignes)
    assert reponse.status_code == 302, reponse.content.decode()
    planning = ImportPlanning.objects.get(fait_le=None)
    client.post(reverse("echanges:planning_confirmer", kwargs={"planning_id": planning.pk}))
    planning.refresh_from_db()
    return planning


# --- Relire -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "attendue"),
    [
        ({"lieu": ""}, "lieu"),
        ({"lieu": "999999999"}, "lieu"),
        ({"lieu": "99999999999999999999999"}, "lieu"),
        ({"lieu": "=1+1"}, "lieu"),
        ({"jour": ""}, "jour"),
        ({"jour": "lundredi"}, "jour"),
        ({"jour": "31/02/2027", "du": ""}, "jour"),
        ({"jour": "20/11/2026", "du": ""}, "jour"),
        ({"jour": "30/11/2026"}, "du"),
        ({"jour": "30/11/2096", "du": ""}, "jour"),
        ({"de": "25:00"}, "de"),
        ({"de": "neuf heures"}, "de"),
        ({"a": "9:60"}, "a"),
        ({"a": "8:00"}, "a"),
        ({"genre": "rendez-vous"}, "genre"),
        ({"patients": "0"}, "patients"),
        ({"patients": "201"}, "patients"),
        ({"patients": "beaucoup"}, "patients"),
        ({"patients": "-1"}, "patients"),
        ({"genre": "créneau"}, "patients"),
        ({"genre": "créneau", "patients": ""}, "duree_creneau"),
        ({"genre": "créneau", "patients": "", "duree_creneau": "61"}, "duree_creneau"),
        ({"duree_creneau": "20"}, "duree_creneau"),
        ({"types": ""}, "types"),
        ({"types": "cabinet, télépathie"}, "types"),
        ({"du": "hier"}, "du"),
        ({"du": "20/11/2026"}, "du"),
        ({"au": "01/01/2026"}, "au"),
        ({"au": "30/13/2026"}, "au"),
        ({"semaines": "0"}, "semaines"),
        ({"semaines": "53"}, "semaines"),
        ({"semaines": "²"}, "semaines"),
    ],
    ids=str,
)
def test_chaque_faute_se_dit_sur_sa_colonne(gestionnaire, lieu, change, attendue):
    numero = change.pop("lieu", str(lieu.pk))

    fautives = relu(gestionnaire, ligne(numero, **change)).fautives

    assert [f.numero for f in fautives] == [2]
    assert attendue in fautives[0].erreurs


@pytest.mark.parametrize(
    ("change", "nombre"),
    [
        ({}, 1),
        ({"jour": "30/11/2026", "du": ""}, 1),
        ({"jour": "2026-11-30", "du": ""}, 1),
        ({"jour": "Lundi et Jeudi | samedi"}, 1),
        ({"jour": "lundi jeudi"}, 1),
        ({"de": "9h", "a": "12 h 30"}, 1),
        ({"de": "09:00:00", "a": "12"}, 1),
        ({"genre": "Créneau", "patients": "", "duree_creneau": "20"}, 9),
        ({"genre": "creneau", "patients": "1", "a": "9:20"}, 1),
        ({"types": "C, T, D"}, 1),
        ({"types": "Visite à domicile|téléconsultation"}, 1),
        ({"du": "", "au": "31/12/2026", "semaines": "2"}, 1),
    ],
    ids=str,
)
def test_ce_qui_s_ecrit_de_plusieurs_facons_se_comprend(gestionnaire, lieu, change, nombre):
    lot = relu(gestionnaire, ligne(lieu, **change))

    assert [f.refus for f in lot.fautives] == []
    assert lot.a_ouvrir.nombre == nombre


def test_un_professionnel_d_un_seul_lieu_se_nomme_par_son_numero(gestionnaire, lieu):
    national = lieu.effecteur.identifiant_national

    assert colonnes(gestionnaire, ligne(national)) == []
    assert colonnes(gestionnaire, ligne(national[1:])) == []
    LieuExerciceFactory(effecteur=lieu.effecteur, structure=lieu.structure)
    assert colonnes(gestionnaire, ligne(national)) == ["lieu"]


def test_le_lieu_d_un_autre_un_lieu_ferme_et_un_agenda_clos_se_refusent(gestionnaire, lieux):
    ailleurs = LieuExerciceFactory()
    clos, ferme = lieux
    ParticipationFactory(
        effecteur=clos.effecteur, utilise_logiciel=True, logiciels=["x"], declare_deux_heures=False
    )
    ferme.est_actif = False
    ferme.save()

    fautives = relu(gestionnaire, ligne(ailleurs), ligne(clos), ligne(ferme)).fautives

    inconnu = "Lieu inconnu, ou dont vous ne tenez pas l’agenda."
    assert [f.erreurs["lieu"][0] for f in fautives] == [
        inconnu,
        "L’agenda de ce lieu est fermé à la saisie, d’après la participation déclarée.",
        inconnu,
    ]


def test_deux_lignes_pareilles_se_signalent(gestionnaire, lieu):
    fautive = relu(gestionnaire, ligne(lieu), ligne(lieu)).fautives[0]

    assert (fautive.numero, fautive.erreurs["lieu"]) == (3, ["Cette ligne répète la ligne 2."])


def test_un_decoupage_ne_multiplie_pas_sans_fin(gestionnaire, lieu):
    nombre = DISPONIBILITES_MAX // 250
    decoupees = [
        ligne(
            lieu,
            de="0:00",
            a="23:55",
            genre="créneau",
            patients="",
            duree_creneau="5",
            du=(dt.date(2026, 11, 24) + dt.timedelta(days=n)).isoformat(),
        )
        for n in range(nombre)
    ]

    assert colonnes(gestionnaire, *decoupees) == ["duree_creneau"]


# --- Importer -----------------------------------------------------------------


def test_rien_ne_s_ecrit_avant_la_confirmation(connecte, lieux):
    reponse = envoyer(connecte, *[ligne(lieu) for lieu in lieux])
    page = connecte.get(reponse.headers["Location"]).content.decode()

    assert "ouvrirait 2 disponibilités" in " ".join(page.split())
    assert not Disponibilite.objects.exists()


def test_l_import_ouvre_tout_et_la_recherche_le_montre(connecte, lieux):
    planning = importer_tout(connecte, *[ligne(lieu, jour="24/11/2026", du="") for lieu in lieux])

    assert Disponibilite.objects.count() == planning.nombre == 2
    for lieu in lieux:
        offre = offre_du_lieu(lieu.pk, maintenant=MAINTENANT)
        assert [c.debut.hour for c in offre.creneaux] == [9]
    assert planning.lignes == []
    assert GesteAgenda.objects.count() == Trace.objects.filter(verbe="agenda.change").count() == 2


def test_une_serie_qui_commence_aujourd_hui_n_ouvre_rien_dans_le_passe(connecte, lieu):
    importer_tout(connecte, ligne(lieu, jour="lundi", de="7:00", du=""))

    assert Disponibilite.objects.get().sauf == [MAINTENANT.date()]


def test_une_seule_ligne_fautive_empeche_tout(connecte, lieux):
    page = envoyer(connecte, ligne(lieux[0]), ligne(lieux[1], de="25:00")).content.decode()

    assert "1 ligne à corriger sur 2" in " ".join(page.split())
    assert "25:00" in page
    assert not ImportPlanning.objects.exists()
    assert not Disponibilite.objects.exists()


def test_un_droit_perdu_entre_relecture_et_confirmation_empeche_tout(connecte, lieux):
    envoyer(connecte, *[ligne(lieu) for lieu in lieux])
    lieux[1].structure = None
    lieux[1].save()
    planning = ImportPlanning.objects.get()

    page = connecte.post(reverse("echanges:planning_confirmer", kwargs={"planning_id": planning.pk}))

    assert "dont vous ne tenez pas l’agenda" in page.content.decode()
    assert not Disponibilite.objects.exists()


def test_on_ne_confirme_pas_deux_fois_ni_trop_tard(connecte, lieu, gestionnaire, heure_fixe):
    planning = importer_tout(connecte, ligne(lieu))
    confirmer = reverse("echanges:planning_confirmer", kwargs={"planning_id": planning.pk})

    connecte.post(confirmer)
    assert Disponibilite.objects.count() == 1

    envoyer(connecte, ligne(lieu, de="10:00"))
    heure_fixe.shift(dt.timedelta(hours=2))
    connecte.force_login(gestionnaire)
    attend = ImportPlanning.objects.get(fait_le=None)
    connecte.post(reverse("echanges:planning_confirmer", kwargs={"planning_id": attend.pk}))
    assert Disponibilite.objects.count() == 1


# --- Défaire ------------------------------------------------------------------


def annuler(client: Client, planning: ImportPlanning):
    return client.post(
        reverse("echanges:planning_annuler", kwargs={"planning_id": planning.pk}), follow=True
    ).content.decode()


def test_l_annulation_remet_tous_les_agendas_comme_avant(connecte, lieux):
    planning = importer_tout(connecte, *[ligne(lieu, jour="24/11/2026", du="") for lieu in lieux])

    assert "L’import est annulé" in annuler(connecte, planning)
    assert not Disponibilite.objects.exists()
    assert all(offre_du_lieu(lieu.pk, maintenant=MAINTENANT).creneaux == [] for lieu in lieux)
    assert "déjà annulé" in annuler(connecte, planning)


def test_une_place_prise_en_un_lieu_empeche_tout_le_retour(connecte, lieux):
    planning = importer_tout(connecte, *[ligne(lieu) for lieu in lieux])
    ReservationFactory(disponibilite=Disponibilite.objects.get(lieu=lieux[1]))

    assert "Une place a été prise" in annuler(connecte, planning)
    assert Disponibilite.objects.count() == 2
    assert GesteAgenda.objects.filter(annule_le=None).count() == 2


def test_l_import_d_un_autre_n_existe_pas(connecte, lieu, medecin):
    planning = importer_tout(connecte, ligne(lieu))
    client = Client()
    client.force_login(medecin)

    for nom in ("planning_confirmer", "planning_annuler"):
        assert client.post(reverse(f"echanges:{nom}", kwargs={"planning_id": planning.pk})).status_code == 404
    assert (
        client.get(reverse("echanges:planning_relu", kwargs={"planning_id": planning.pk})).status_code == 404
    )
    assert Disponibilite.objects.exists()


def test_qui_ne_tient_aucun_agenda_ne_trouve_pas_la_page(client, db):
    client.force_login(CompteFactory(osnp=True))

    assert client.get(reverse("echanges:planning")).status_code == 404


# --- Modèle, classeur, vitesse --------------------------------------------------


def test_le_modele_nomme_les_lieux_que_l_on_tient_et_se_relit_sans_faute(connecte, gestionnaire, lieux):
    LieuExerciceFactory()

    contenu = connecte.get(reverse("echanges:planning_modele")).content
    texte = contenu.decode("utf-8-sig")

    assert [r.split(";")[0] for r in texte.splitlines()[1:]] == [str(lieu.pk) for lieu in lieux]
    lot = relire(lire(contenu), tenus=lieux_tenus(gestionnaire, MAINTENANT), maintenant=MAINTENANT)
    assert (len(lot.lignes), lot.fautives, lot.a_ouvrir.nombre) == (1, [], 9)


def test_un_classeur_ods_s_importe_comme_un_csv(connecte, lieu):
    contenu = classeur(ENTETE, ligne(lieu))

    connecte.post(reverse("echanges:planning"), {"fichier": SimpleUploadedFile("p.ods", contenu)})

    assert ImportPlanning.objects.get().nombre == 1


def test_le_nombre_de_requetes_ne_grandit_pas_avec_les_lignes(gestionnaire, lieux, compter_requetes):
    tenus = lieux_tenus(gestionnaire, MAINTENANT)

    def passer(nombre: int, premiere_minute: int) -> int:
        lignes = [
            ligne(
                lieu,
                de=f"{8 + n // 60}:{n % 60:02}",
                a=f"{20 + premiere_minute}:00",
            )
            for lieu in lieux
            for n in range(nombre)
        ]
        lues = lire(fichier(*lignes).read())
        lot = relire(lues, tenus=tenus, maintenant=MAINTENANT)
        planning = garder(lot=lot, lignes=lues, nom="p", auteur=gestionnaire, maintenant=MAINTENANT)
        return compter_requetes(
            lambda: importer(planning=planning, tenus=tenus, auteur=gestionnaire, maintenant=MAINTENANT)
        )

    Participation.objects.all().delete()
    assert passer(3, 0) == passer(200, 1)


# --- Deux fois le même ----------------------------------------------------------


def relire_et_lire(client: Client, *lignes: Sequence[str]) -> str:
    page = client.get(envoyer(client, *lignes).headers["Location"]).content.decode()
    return " ".join(page.replace("\u00a0", " ").split())


DOUZE = {"de": "9:00", "a": "13:00", "genre": "créneau", "patients": "", "duree_creneau": "20"}


def test_le_meme_planning_deja_ouvert_se_dit_et_ne_s_ouvre_pas_deux_fois(connecte, lieux):
    lignes = [ligne(lieux[0], **DOUZE), ligne(lieux[1], jour="30/11/2026", du="")]
    importer_tout(connecte, *lignes)
    assert Disponibilite.objects.count() == 13

    page = relire_et_lire(connecte, *lignes)
    assert "existe déjà à l’identique (13 disponibilités) : il n’y a rien à importer" in page
    assert "Confirmer l’import" not in page

    page = relire_et_lire(connecte, ligne(lieux[0], **DOUZE), ligne(lieux[1], jour="1/12/2026", du=""))
    assert "12 disponibilités existent déjà à l’identique : elles ne seront pas ouvertes deux fois" in page
    assert "ouvrirait 1 disponibilité dans 1 lieu." in page
    attend = ImportPlanning.objects.get(fait_le=None)
    connecte.post(reverse("echanges:planning_confirmer", kwargs={"planning_id": attend.pk}))
    assert Disponibilite.objects.count() == 14


def test_tout_ouvert_entre_la_relecture_et_la_confirmation_n_ouvre_rien(
    connecte, gestionnaire, medecin, lieu
):
    """Le médecin importe le même planning pendant que le gestionnaire relit le sien."""
    envoyer(connecte, ligne(lieu))
    attend = ImportPlanning.objects.get()
    client = Client()
    client.force_login(medecin)
    envoyer(client, ligne(lieu))
    le_sien = ImportPlanning.objects.get(auteur=medecin)
    client.post(reverse("echanges:planning_confirmer", kwargs={"planning_id": le_sien.pk}))

    confirmer = reverse("echanges:planning_confirmer", kwargs={"planning_id": attend.pk})
    page = connecte.post(confirmer, follow=True)

    assert "rien n’est à ouvrir" in page.content.decode()
    assert Disponibilite.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "deja"),
    [
        pytest.param({}, True, id="pareille"),
        pytest.param({"du": "3/12/2026"}, True, id="commencée plus tard"),
        pytest.param({"du": "23/11/2026"}, False, id="commencée plus tôt"),
        pytest.param({"patients": "7"}, False, id="une place de plus"),
        pytest.param({"types": "domicile"}, False, id="autre type"),
        pytest.param({"jour": "lundi"}, False, id="un jour de moins"),
        pytest.param({"au": "31/12/2026"}, False, id="avec une fin"),
        pytest.param({"semaines": "2"}, False, id="une semaine sur deux"),
    ],
)
def test_seul_l_identique_est_deja_la(connecte, gestionnaire, lieu, change, deja):
    importer_tout(connecte, ligne(lieu))

    a_ouvrir = relu(gestionnaire, ligne(lieu, **change)).a_ouvrir

    assert (a_ouvrir.deja, a_ouvrir.nombre) == ((1, 0) if deja else (0, 1))


@pytest.mark.parametrize(("du", "deja"), [("24/11/2026", 1), ("1/12/2026", 0), ("8/12/2026", 1)])
def test_une_semaine_sur_deux_ne_couvre_pas_l_autre(connecte, gestionnaire, lieu, du, deja):
    importer_tout(connecte, ligne(lieu, semaines="2"))

    assert relu(gestionnaire, ligne(lieu, semaines="2", du=du)).a_ouvrir.deja == deja


def test_un_jour_supprime_puis_reimporte_se_rouvre(connecte, gestionnaire, lieu):
    seule = ligne(lieu, jour="30/11/2026", du="")
    importer_tout(connecte, seule)
    Disponibilite.objects.update(sauf=[dt.date(2026, 11, 30)])

    assert relu(gestionnaire, seule).a_ouvrir.deja == 0


def test_un_import_annule_depuis_l_agenda_d_un_lieu_l_est_partout_et_se_lit(connecte, lieux):
    importer_tout(connecte, *[ligne(lieu) for lieu in lieux])
    geste = GesteAgenda.objects.order_by("pk").first()

    connecte.post(reverse("agenda:annuler", kwargs={"lieu_id": geste.lieu_id, "geste_id": geste.pk}))

    assert not Disponibilite.objects.exists()
    page = connecte.get(reverse("echanges:planning")).content.decode()
    assert "annulé le" in page
    assert "Annuler tout l’import" not in page


def test_le_modele_ods_se_relit_comme_le_csv(connecte, lieux):
    csv = connecte.get(reverse("echanges:planning_modele")).content
    reponse = connecte.get(reverse("echanges:planning_modele_ods"))

    assert reponse.headers["Content-Type"] == "application/vnd.oasis.opendocument.spreadsheet"
    assert "modele-planning.ods" in reponse.headers["Content-Disposition"]
    assert lire(reponse.content) == lire(csv)
    page = connecte.get(reverse("echanges:planning")).content.decode()
    assert reverse("echanges:planning_modele_ods") in page
    assert reverse("echanges:planning_modele") in page
