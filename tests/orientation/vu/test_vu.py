"""Ce que voit la régulation : la page dit exactement ce que la recherche rend, et pourquoi le reste manque."""

import random
import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from agenda.domaine.explication import Motif
from agenda.models import Editeur, Lot
from agenda.offre import rafraichir
from agenda.offre.explication import creneaux_expliques
from comptes.enums import Role
from comptes.models import Compte
from orientation.lectures import offre_du_lieu
from orientation.vu.lectures import ce_que_voit_la_regulation
from participation.enums import Modalite
from participation.models import Participation
from tests.agenda.factories import (
    AgendaEditeurFactory,
    DisponibiliteFactory,
    IndisponibiliteFactory,
    ReservationFactory,
)
from tests.annuaire.factories import LieuExerciceFactory, StructureFactory
from tests.comptes.factories import CompteFactory
from tests.orientation.conftest import LUNDI_8H

pytestmark = pytest.mark.django_db


@pytest.fixture
def medecin(lieu) -> Compte:
    return CompteFactory(role=Role.EFFECTEUR, identifiant_national=lieu.effecteur.identifiant_national)


@pytest.fixture
def adresse(lieu) -> str:
    return reverse("vu:lieu", kwargs={"lieu_id": lieu.pk})


def montres(lieu) -> list[tuple[datetime, datetime, str]]:
    expliques = creneaux_expliques(lieu, maintenant=LUNDI_8H)
    return [(c.debut, c.fin, c.editeur) for c in expliques if c.motif is None]


def rendus(lieu) -> list[tuple[datetime, datetime, str]]:
    rafraichir([lieu.pk], LUNDI_8H)
    offre = offre_du_lieu(lieu.pk, maintenant=LUNDI_8H)
    return [(c.debut.astimezone(UTC), c.fin.astimezone(UTC), c.editeur or "") for c in offre.creneaux]


def motifs(lieu) -> set[Motif | None]:
    return {c.motif for c in creneaux_expliques(lieu, maintenant=LUNDI_8H)}


SAISIE = {"logiciels": [], "declare_deux_heures": True}
REGLAGES = {
    "logiciel": {"utilise_logiciel": True, "logiciels": ["logiciel"], "declare_deux_heures": False},
    "refus": {"utilise_logiciel": True, "refuse_affichage": True} | SAISIE,
    "sans logiciel": {"utilise_logiciel": False} | SAISIE,
    "sans participer": {"participe": False, "modalite": "", "utilise_logiciel": None, "logiciels": []}
    | {"declare_deux_heures": False},
    "SOS": {
        "modalite": Modalite.SOS,
        "utilise_logiciel": None,
        "logiciels": [],
        "declare_deux_heures": False,
    },
}


def declarer(lieu, reglage: str) -> None:
    structure = {"structure": StructureFactory(sos=True)} if reglage == "SOS" else {}
    Participation.objects.filter(effecteur=lieu.effecteur).update(**REGLAGES[reglage], **structure)


@pytest.mark.parametrize("graine", range(12))
def test_montre_veut_dire_rendu_par_la_recherche(lieu, chez_l_editeur, graine):
    """Agendas tirés au hasard : saisis, reçus, fermés, pleins ; et chaque façon de participer."""
    hasard = random.Random(graine)
    for _ in range(8):
        debut = time(hasard.randrange(0, 22), hasard.choice([0, 15, 30]))
        DisponibiliteFactory(
            lieu=lieu,
            plage=True,
            capacite=hasard.randint(1, 3),
            premier_jour=LUNDI_8H.date() + timedelta(days=hasard.randint(-3, 6)),
            jours=hasard.choice([[], [1, 3], [2], [1, 2, 3, 4, 5, 6, 7]]),
            heure_debut=debut,
            heure_fin=time(debut.hour + hasard.randint(1, 23 - debut.hour), 45),
        )
    pleine = DisponibiliteFactory(lieu=lieu)
    ReservationFactory(disponibilite=pleine)
    ferme = LUNDI_8H + timedelta(hours=hasard.randint(0, 70))
    IndisponibiliteFactory(lieu=lieu, periode=DateTimeTZRange(ferme, ferme + timedelta(hours=9)))
    IndisponibiliteFactory(lieu=lieu, periode=DateTimeTZRange(ferme + timedelta(days=5), None))
    premier = chez_l_editeur.creneaux[0]
    chez_l_editeur.creneaux = [
        premier | {"i": str(n), "d": d, "f": d + 15}
        for n, d in enumerate(sorted(premier["d"] - 90 + hasard.randrange(8000) for _ in range(20)))
    ]
    chez_l_editeur.save()
    declarer(lieu, hasard.choice(list(REGLAGES)))

    assert montres(lieu) == rendus(lieu)


def test_l_editeur_montre_et_l_agenda_saisi_ferme_disent_leur_raison(lieu, chez_l_editeur):
    DisponibiliteFactory(lieu=lieu)

    assert montres(lieu) == rendus(lieu) != []
    assert motifs(lieu) == {None, Motif.AGENDA_FERME}


@pytest.mark.parametrize(
    ("reglage", "editeur", "attendus"),
    [
        pytest.param("refus", {}, {Motif.AFFICHAGE_REFUSE}, id="affichage refusé"),
        pytest.param("sans logiciel", {}, {Motif.AFFICHAGE_REFUSE}, id="sans logiciel"),
        pytest.param("logiciel", {"est_actif": False}, {Motif.EDITEUR_COUPE}, id="éditeur coupé"),
        pytest.param(
            "logiciel", {"grise_s": 30, "peremption_s": 60}, {Motif.EDITEUR_MUET}, id="éditeur muet"
        ),
        pytest.param("SOS", {}, {Motif.SOS}, id="via SOS Médecins"),
    ],
)
def test_un_creneau_d_editeur_cache_dit_pourquoi(lieu, chez_l_editeur, reglage, editeur, attendus):
    declarer(lieu, reglage)
    Editeur.objects.update(**editeur)

    assert motifs(lieu) == attendus


def test_les_raisons_d_un_agenda_saisi_se_lisent_sur_la_page(client, medecin, lieu, adresse, maintenant):
    DisponibiliteFactory(lieu=lieu, jours=[1])
    ReservationFactory(
        disponibilite=DisponibiliteFactory(lieu=lieu, heure_debut=time(10), heure_fin=time(10, 30))
    )
    DisponibiliteFactory(lieu=lieu, premier_jour=date(2026, 11, 3))
    IndisponibiliteFactory(
        lieu=lieu,
        periode=DateTimeTZRange(datetime(2026, 11, 3, tzinfo=UTC), datetime(2026, 11, 4, tzinfo=UTC)),
    )
    lieu.informations_complementaires = "Sonner deux fois."
    lieu.save()
    rafraichir([lieu.pk], maintenant)
    client.force_login(medecin)

    reponse = client.get(adresse)
    texte = reponse.content.decode()

    par_raison = {c.raison: [(j.jour, j.horaires) for j in c.jours] for c in reponse.context["vu"].caches}
    assert par_raison == {
        Motif.INDISPONIBILITE.value: [("mardi 3 novembre 2026", ["9\u00a0h – 9\u00a0h\u00a020"])],
        # La place est celle de 9 h : l’occurrence pleine est celle-là, non celle de 10 h.
        Motif.HORS_FENETRE.value: [("lundi 9 novembre 2026", ["9\u00a0h – 9\u00a0h\u00a020"])],
    }
    assert all(raison in texte for raison in par_raison)
    assert "Sonner deux fois." in texte
    assert "/orientations/nouvelle/" not in texte
    assert reponse["Cache-Control"].find("no-store") >= 0


def test_une_occurrence_pleine_se_dit_complete(lieu, maintenant):
    ReservationFactory(disponibilite=DisponibiliteFactory(lieu=lieu))
    rafraichir([lieu.pk], maintenant)

    vu = ce_que_voit_la_regulation(lieu, maintenant=maintenant)

    assert [c.raison for c in vu.caches] == [Motif.COMPLET.value]
    assert (vu.montres, vu.muets) == (0, [])


def test_la_carte_est_celle_de_la_recherche(client, medecin, connecte, creneau, lieu, adresse, jeton):
    """Aux liens pour orienter ou tenir, à la version qui en dépend et à la distance près."""
    resultats = connecte.get(reverse("orientation:resultats", kwargs={"jeton": jeton})).content.decode()
    medecin_connecte = Client()
    medecin_connecte.force_login(medecin)

    page = medecin_connecte.get(adresse).content.decode()

    def identite(html: str) -> str:
        article = html[
            html.index('<article class="sas-carte"') : html.index('<p class="sas-carte__adresse">')
        ]
        return re.sub(r'data-version="\w+"', "", article)

    def creneaux(html: str) -> str:
        texte = strip_tags(html[html.index('<div class="sas-jours">') : html.index("</article>")])
        texte = texte.replace("Adresser un patient, lundi 2 novembre, ", "").split("Orientation hors")[0]
        return re.sub(r"Tenir la place le temps d’un appel, lundi 2 novembre, 9\sh", "", texte)

    assert identite(page) == identite(resultats)
    assert creneaux(page) == creneaux(resultats) != ""


def test_la_carte_n_a_pas_de_distance_et_garde_le_reste_de_sa_place(client, medecin, creneau, adresse):
    client.force_login(medecin)

    page = client.get(adresse).content.decode()

    place = page.partition("Place dans la liste")[2].partition("</p>")[0]
    assert "Participe au SAS · libre aujourd’hui à 9\u00a0h" in place
    assert "\u00a0m<" not in page
    assert "sas-carte__distance" not in page


def test_un_lieu_que_la_recherche_ignore_le_dit_et_n_explique_rien_d_autre(
    client, medecin, lieu, adresse, maintenant
):
    DisponibiliteFactory(lieu=lieu)
    lieu.est_actif = False
    lieu.save()
    rafraichir([lieu.pk], maintenant)
    client.force_login(medecin)

    texte = client.get(adresse).content.decode()

    assert "La recherche ne montre pas ce lieu" in texte
    assert "fermé dans l’annuaire" in texte
    assert "Votre carte" not in texte


def test_qui_a_ferme_lit_qu_il_n_apparait_plus(client, medecin, lieu, adresse, maintenant):
    client.force_login(medecin)
    rafraichir([lieu.pk], maintenant)
    assert "Vous n’apparaissez pas" not in client.get(adresse).content.decode()

    IndisponibiliteFactory(lieu=lieu, sans_fin=True)
    rafraichir([lieu.pk], maintenant)

    texte = client.get(adresse).content.decode()
    assert "Vous n’apparaissez pas dans les résultats de recherche" in texte
    assert "Votre carte" in texte


def test_un_editeur_dont_les_creneaux_ont_ete_retires_se_nomme_avec_sa_date(
    client, medecin, chez_l_editeur, adresse, maintenant
):
    Lot.objects.update(lu_le=maintenant - timedelta(hours=3))
    chez_l_editeur.delete()
    client.force_login(medecin)

    texte = client.get(adresse).content.decode()

    assert "ne répond plus depuis le 02/11/2026 à 5 h" in " ".join(texte.split())


def test_le_nombre_de_requetes_ne_grandit_pas_avec_l_agenda(
    lieu, chez_l_editeur, compter_requetes, maintenant
):
    def lire() -> object:
        return ce_que_voit_la_regulation(lieu, maintenant=maintenant)

    DisponibiliteFactory(lieu=lieu, jours=[1])
    peu = compter_requetes(lire)
    for n in range(30):
        DisponibiliteFactory(lieu=lieu, jours=[1, 2, 3], heure_debut=time(9, n), heure_fin=time(9, n + 20))
    AgendaEditeurFactory(lieu=lieu)

    # Un second éditeur, mais le même nombre de lectures.
    assert compter_requetes(lire) == peu


def test_qui_ne_tient_pas_cet_agenda_ne_trouve_rien(lieu, adresse):
    for compte in (CompteFactory(effecteur=True), CompteFactory(role=Role.OSNP)):
        client = Client()
        client.force_login(compte)
        assert client.get(adresse).status_code == 404
    assert Client().get(adresse).status_code == 302


def test_l_heure_lue_est_celle_du_lieu(medecine_generale, maintenant):
    ailleurs = LieuExerciceFactory(reunion=True)
    DisponibiliteFactory(lieu=ailleurs, premier_jour=date(2026, 11, 12))
    rafraichir([ailleurs.pk], maintenant)

    vu = ce_que_voit_la_regulation(ailleurs, maintenant=maintenant)

    assert vu.caches[0].jours[0].horaires == ["9\u00a0h – 9\u00a0h\u00a020"]
