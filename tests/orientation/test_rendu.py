"""La carte : textes français, colonnes à la date du lieu, rien de dehors qui ne soit échappé."""

from datetime import date, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from agenda.offre import CreneauOffert
from orientation import rendu
from orientation.rendu.carte import _couper

PARIS = ZoneInfo("Europe/Paris")
LUNDI = date(2026, 11, 2)


def creneau(jour: int = 2, heure: int = 9, minute: int = 0, **champs: object) -> CreneauOffert:
    debut = datetime(2026, 11, jour, heure, minute, tzinfo=champs.pop("fuseau", PARIS))
    defauts = {
        "id": "d1-1",
        "debut": debut,
        "fin": debut.replace(minute=minute + 15),
        "source": "agenda_sas",
        "editeur": None,
        "modalites": ("cabinet",),
        "capacite": 1,
        "prises": 0,
        "age_s": None,
        "lien": None,
        "est_plage": False,
    }
    return CreneauOffert(**defauts | champs)


def colonnes(*creneaux: CreneauOffert, liens: rendu.Liens | None = None) -> str:
    return str(rendu.colonnes(creneaux, aujourd_hui=LUNDI, liens=liens))


LIENS = rendu.Liens(
    orienter="/o/IDENTIFIANT/?recherche=j",
    tenir="/t/IDENTIFIANT/",
    rediriger="/r/IDENTIFIANT/",
    en_sus="/s/IDENTIFIANT/",
)


@pytest.mark.parametrize(
    ("age_s", "attendu"),
    [
        (0, "Éditeur A · lu à l’instant"),
        (59, "Éditeur A · lu à l’instant"),
        (240, "Éditeur A · lu il y a 4 min"),
        (7200, "Éditeur A · lu il y a 2 h"),
        (200_000, "Éditeur A · lu il y a 2 j"),
        (None, "Éditeur A"),
    ],
)
def test_la_fraicheur_d_un_creneau_d_editeur(age_s, attendu):
    lu = creneau(source="editeur", editeur="Éditeur A", age_s=age_s)

    assert rendu.fraicheur(lu).replace("\u00a0", " ") == attendu


def test_un_creneau_saisi_vient_de_l_agenda_sas():
    assert rendu.fraicheur(creneau(age_s=200_000)).replace("\u00a0", " ") == "Agenda SAS · saisi il y a 2 j"


def test_une_source_commune_est_dite_une_fois_et_deux_sources_sur_chaque_creneau():
    recu = creneau(source="editeur", editeur="Éditeur A", age_s=240)

    seule = colonnes(recu, creneau(jour=3, source="editeur", editeur="Éditeur A", age_s=240))
    melees = colonnes(recu, creneau(age_s=30))

    assert seule.count("Éditeur A") == 1
    assert melees.count("Éditeur A") == melees.count("Agenda SAS") == 1
    assert "sas-jours__source" in seule
    assert "sas-jours__source" not in melees


@pytest.mark.parametrize("autres", [[], [creneau(age_s=30)]], ids=["source commune", "deux sources"])
def test_le_nom_d_un_editeur_est_echappe(autres):
    html = colonnes(creneau(source="editeur", editeur="<b>A</b>", age_s=240), *autres)

    assert "<b>" not in html
    assert "&lt;b&gt;A" in html


def test_un_creneau_d_editeur_sans_lien_se_prend_par_telephone():
    assert "(par téléphone)" in colonnes(creneau(source="editeur", editeur="A"), liens=LIENS)


@pytest.mark.parametrize(
    ("noms", "attendu"),
    [
        (("Axe Majeur",), "Créneau ouvert à la CPTS Axe Majeur"),
        (("CPTS AXE MAJEUR",), "Créneau ouvert à la CPTS AXE MAJEUR"),
        (("cpts A", "B", "C"), "Créneau ouvert aux CPTS A, B et C"),
    ],
)
def test_un_creneau_dit_a_quelles_cpts_il_est_ouvert(noms, attendu):
    html = colonnes(creneau(source="editeur", editeur="A", cpts=noms))

    assert attendu in html


def test_un_creneau_ouvert_a_tous_ne_parle_pas_de_cpts():
    assert "CPTS" not in colonnes(creneau(source="editeur", editeur="A"))


def test_le_nom_d_une_cpts_est_echappe():
    html = colonnes(creneau(source="editeur", editeur="A", cpts=("<script>alert(1)</script>",)))

    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_un_creneau_ancien_le_dit_en_toutes_lettres():
    vieux = creneau(source="editeur", editeur="Éditeur A", age_s=1500, est_ancien=True)

    assert rendu.fraicheur(vieux).replace("\u00a0", " ") == "Éditeur A · lu il y a 25 min, à vérifier"
    assert "sas-creneau--ancien" in colonnes(vieux, liens=LIENS)
    assert "sas-creneau--ancien" not in colonnes(creneau(source="editeur", editeur="A"), liens=LIENS)


def test_les_trois_colonnes_suivent_la_date_du_lieu():
    html = colonnes(creneau(jour=2), creneau(jour=4, heure=10))

    assert html.index("Aujourd’hui") < html.index("9\u00a0h") < html.index("Demain")
    assert html.index("Après-demain") < html.index("10\u00a0h")
    assert html.count("Pas de créneau disponible") == 1


def test_un_creneau_d_outre_mer_se_range_au_jour_de_la_bas():
    noumea = ZoneInfo("Pacific/Noumea")

    html = str(
        rendu.colonnes([creneau(jour=3, heure=8, fuseau=noumea)], aujourd_hui=date(2026, 11, 3), liens=None)
    )

    assert html.index("Aujourd’hui") < html.index("8\u00a0h") < html.index("Demain")


def test_une_plage_commencee_la_veille_se_lit_aujourd_hui():
    html = colonnes(creneau(jour=1, heure=23, est_plage=True))

    assert html.index("Aujourd’hui") < html.index("23\u00a0h") < html.index("Demain")


def test_au_dela_de_quatre_creneaux_le_reste_se_deplie():
    html = colonnes(*[creneau(heure=9 + n) for n in range(6)])

    assert html.index("12\u00a0h") < html.index("<details") < html.index("13\u00a0h")
    assert "(2)" in html


def test_quatre_creneaux_ne_se_deplient_pas():
    assert "<details" not in colonnes(*[creneau(heure=9 + n) for n in range(4)])


def test_une_plage_montre_son_compteur():
    html = colonnes(creneau(est_plage=True, capacite=4, prises=1))

    assert "1/4" in html


def test_les_modalites_ont_une_lettre_et_un_texte_dans_l_ordre():
    html = colonnes(creneau(modalites=("cabinet", "teleconsultation", "domicile")))

    assert html.index('title="Consultation en cabinet">C<') < html.index('title="Téléconsultation">T<')
    assert html.index(">T<") < html.index('title="Visite à domicile">D<')


def test_qui_n_oriente_pas_ne_recoit_aucun_lien():
    html = colonnes(creneau(), creneau(source="editeur", editeur="A", lien="https://rdv.example/"))

    assert "<a " not in html
    assert "<button" not in html


def test_un_creneau_d_editeur_sans_lien_n_est_pas_reservable():
    assert "<button" not in colonnes(creneau(source="editeur", editeur="A"), liens=LIENS)


def test_un_creneau_sas_mene_a_l_orientation_et_celui_d_un_editeur_a_la_redirection():
    html = colonnes(
        creneau(id="d1-2"),
        creneau(id="e3-4", source="editeur", editeur="A", lien="https://rdv.example/"),
        liens=LIENS,
    )

    assert 'href="/o/d1-2/?recherche=j"' in html
    assert 'formaction="/r/e3-4/"' in html
    assert "rdv.example" not in html


def test_un_nom_d_editeur_est_echappe():
    html = colonnes(creneau(source="editeur", editeur="<script>alert(1)</script>"))

    assert "<script>" not in html


def test_le_moment_est_a_l_heure_du_lieu():
    debut = datetime(2026, 11, 2, 5, 0, tzinfo=ZoneInfo("UTC"))

    assert rendu.moment(debut, None, "Indian/Reunion", est_plage=False) == "lundi 2 novembre 2026 à 9\u00a0h"


def sas(**champs: object) -> SimpleNamespace:
    debut = datetime(2026, 11, 2, 14, tzinfo=PARIS)
    defauts = {
        "debut": debut,
        "fin": debut.replace(hour=17),
        "modalites": ("cabinet",),
        "capacite": 3,
        "prises": 0,
    }
    return SimpleNamespace(**defauts | champs)


VUE = {
    "debut": datetime(2026, 11, 2, 14, tzinfo=PARIS).timestamp(),
    "fin": datetime(2026, 11, 2, 17, tzinfo=PARIS).timestamp(),
    "modalites": ["cabinet"],
    "capacite": 3,
    "prises": 0,
}


@pytest.mark.parametrize(
    ("champs", "attendus"),
    [
        pytest.param({}, [], id="rien"),
        pytest.param({"prises": 2}, ["Il reste 1 place sur 3."], id="places prises"),
        pytest.param(
            {"fin": datetime(2026, 11, 2, 16, 30, tzinfo=PARIS)},
            ["L’horaire est passé de 14 h – 17 h à 14 h – 16 h 30."],
            id="horaire",
        ),
        pytest.param(
            {"modalites": ("teleconsultation",)},
            ["Le type de consultation a changé : Téléconsultation."],
            id="modalité",
        ),
    ],
)
def test_ce_qui_a_change_depuis_l_affichage_se_dit(champs, attendus):
    phrases = [phrase.replace("\u00a0", " ") for phrase in rendu.changements(VUE, sas(**champs))]

    assert phrases == attendus


def test_les_informations_longues_sont_coupees_entre_deux_mots():
    assert _couper("mot " * 40).endswith("mot…")
    assert _couper("x" * 150) == "x" * 100 + "…"
