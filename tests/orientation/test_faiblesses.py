"""Des défauts relevés dans le moteur publié (W-04 à W-70), qu’aucune autre épreuve d’ici ne surprendrait."""

import re
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agenda.enums import EtatLot
from annuaire.enums import TypeStructure
from annuaire.models import Effecteur
from comptes.enums import Role
from orientation import carnet
from orientation.lectures import Criteres, rechercher
from orientation.models import Orientation
from tests.agenda.factories import AgendaEditeurFactory, DisponibiliteFactory, RaccordementFactory
from tests.annuaire.factories import (
    EffecteurFactory,
    LieuExerciceFactory,
    SpecialiteFactory,
    StructureFactory,
    TerritoireFactory,
)
from tests.comptes.factories import CompteFactory
from tests.orientation.conftest import identifiant, projeter, url_resultats

pytestmark = pytest.mark.django_db
RACINE = Path(settings.RACINE)
LILLE = {"lat": 50.6311, "lon": 3.0468, "rayon_km": 10}


def ids(resultats) -> list[str]:
    return [offre.lieu.id for offre in resultats.offres]


# --- Moteur -------------------------------------------------------------------


def test_une_page_de_resultats_ne_joue_la_recherche_qu_une_fois(connecte, jeton, medecine_generale):
    """W-06, W-07 : rien n’est cherché pour être jeté, ni recherché carte par carte."""
    for _ in range(6):
        lieu = LieuExerciceFactory()
        DisponibiliteFactory(lieu=lieu)
        projeter(lieu)

    with CaptureQueriesContext(connection) as requetes:
        connecte.get(url_resultats(jeton))

    assert sum("FROM agenda_offrelieu" in requete["sql"] for requete in requetes) == 1


def test_une_structure_interfacee_montre_les_creneaux_de_son_editeur(maintenant):
    """W-09."""
    specialite = SpecialiteFactory(centre_de_sante=True)
    centre = StructureFactory(type=TypeStructure.CDS)
    lieu = LieuExerciceFactory(effecteur=None, structure=centre)
    agenda = AgendaEditeurFactory(
        lieu=lieu, raccordement=RaccordementFactory(effecteur=None, structure=centre)
    )
    lot = agenda.raccordement.lot
    lot.lu_le, lot.etat = maintenant, EtatLot.REUSSI
    lot.save()
    projeter(lieu)

    lus = rechercher(Criteres(**LILLE, specialite_ids=(specialite.pk,)), maintenant=maintenant)

    assert [creneau.source for creneau in lus.offres[0].creneaux] == ["editeur"]


@pytest.mark.parametrize("savoir_faire", [["SM54"], ["SM54", "SM02"], ["SM02", "SM26"]])
def test_une_seconde_specialite_ne_fait_disparaitre_personne(medecine_generale, maintenant, savoir_faire):
    """W-10 : même sans participer."""
    lieu = LieuExerciceFactory(effecteur=EffecteurFactory(savoir_faire=savoir_faire))
    projeter(lieu)

    lus = rechercher(Criteres(**LILLE, specialite_ids=(medecine_generale.pk,)), maintenant=maintenant)

    assert ids(lus) == [f"l{lieu.pk}"]


def test_deux_filtres_qui_ne_se_rencontrent_pas_ne_donnent_rien(medecine_generale, maintenant):
    """W-12 : une intersection vide reste vide, elle ne laisse pas la place au filtre suivant."""
    un, deux = (LieuExerciceFactory(effecteur=EffecteurFactory(conventionnement=s)) for s in ("1", "2"))
    DisponibiliteFactory(lieu=un, modalites=["cabinet"])
    DisponibiliteFactory(lieu=deux, modalites=["teleconsultation"])
    projeter(un, deux)

    lus = rechercher(
        Criteres(
            **LILLE,
            specialite_ids=(medecine_generale.pk,),
            secteurs=("1",),
            modalites=("teleconsultation",),
        ),
        maintenant=maintenant,
    )

    assert (lus.total, ids(lus)) == (0, [])


def test_chaque_filtre_propose_donne_le_nombre_qu_il_annonce(connecte, jeton, medecine_generale, maintenant):
    """W-12, W-13, W-14 : aucun filtre qui ne puisse jamais répondre, aucun compte qui rétrécit."""
    for secteur, modalites in (("1", ["cabinet"]), ("2", ["teleconsultation"]), ("1", ["domicile"])):
        lieu = LieuExerciceFactory(effecteur=EffecteurFactory(conventionnement=secteur))
        DisponibiliteFactory(lieu=lieu, modalites=modalites)
        projeter(lieu)
    session = connecte.session
    choisi = carnet.retrouver(session, jeton).avec(secteurs=("1",))
    carnet.remplacer(session, jeton, choisi)
    session.save()
    categories = connecte.get(url_resultats(jeton)).context["categories"]

    for categorie in categories:
        for option in categorie.options:
            vise = choisi.avec(**{categorie.nom: (option.valeur,)})
            assert rechercher(vise.criteres(), maintenant=maintenant).total == option.nombre, option
    assert {"secteurs", "modalites"} <= {categorie.nom for categorie in categories}


def test_la_duree_montree_est_dite_d_une_seule_facon(connecte, jeton):
    """W-19b : trois jours, partout où l’on dit ce qui est cherché."""
    html = connecte.get(url_resultats(jeton)).text

    assert "dans les 3 jours" in html
    assert "48 h" not in html


# --- Orientation --------------------------------------------------------------


def test_rien_de_ce_que_le_navigateur_dit_de_l_acte_n_est_cru(connecte, osnp, creneau):
    """W-20 : ni qui oriente, ni qui reçoit, ni quand, ni pour quel territoire."""
    autre, ailleurs = CompteFactory(role=Role.OSNP), LieuExerciceFactory()
    chemin = reverse("orientation:orienter", kwargs={"creneau_id": identifiant(creneau)})
    etape = connecte.get(chemin)
    dites = {
        "acteur": autre.pk,
        "lieu": ailleurs.pk,
        "debut": "2020-01-01T00:00:00Z",
        "prise_le": "2020-01-01T00:00:00Z",
        "territoire": TerritoireFactory(nom="SAS Ailleurs").pk,
        "effecteur": Effecteur.objects.exclude(pk=creneau.lieu.effecteur_id).first().pk,
        "type": "4",
    }
    for attendue in ("saisie", "confirmation"):
        initial = etape.context["form"].initial
        assert initial["etape"] == attendue
        etape = connecte.post(chemin, {nom: str(valeur) for nom, valeur in initial.items()} | dites)

    orientation = Orientation.objects.get()
    assert (orientation.acteur, orientation.lieu, orientation.type) == (osnp, creneau.lieu, "1")
    assert orientation.effecteur == creneau.lieu.effecteur
    assert orientation.territoire is None
    assert orientation.debut.isoformat() == "2026-11-02T08:00:00+00:00"
    assert orientation.prise_le.year == 2026


# --- Appels des logiciels de régulation -----------------------------------------


@pytest.mark.parametrize("parametre", ["specialty", "speciality"])
def test_ni_les_resultats_ni_l_appel_d_un_lrm_ne_se_gardent_en_cache(connecte, jeton, parametre):
    """W-44 : deux appels qui ne diffèrent que d’un paramètre n’ont jamais la même réponse gardée."""
    appel = connecte.get(reverse("orientation:recherche"), {"origin": "x", parametre: "médecine générale"})

    for reponse in (appel, connecte.get(url_resultats(jeton))):
        assert "no-store" in reponse.headers["Cache-Control"]


# --- Pages ---------------------------------------------------------------------


@pytest.fixture
def page(connecte, jeton, creneau, plage, chez_l_editeur) -> str:
    """Créneaux, plages, créneaux d’éditeurs, informations pliées : tout ce que porte la liste."""
    for _ in range(3):
        lieu = LieuExerciceFactory(informations_complementaires="Accès par la cour. " * 10)
        DisponibiliteFactory(lieu=lieu)
        projeter(lieu)
    return str(connecte.get(url_resultats(jeton)).text)


def test_chaque_creneau_est_un_vrai_lien_ou_un_vrai_bouton(page):
    """W-65 : pas d’élément déguisé, pas de lien dans un bouton, pas d’ordre de tabulation forcé."""
    elements = re.findall(r'<(\w+)[^>]*class="sas-creneau[ "]', page)

    assert elements
    assert set(elements) <= {"a", "button", "span"}
    assert not re.search(r'role="button"|tabindex="[^-0]', page)
    assert not re.search(r"<a [^>]*>(?:(?!</a>).)*<(?:a|button) ", page, re.DOTALL)
    assert not re.search(r"<button[^>]*>(?:(?!</button>).)*<(?:a|button) ", page, re.DOTALL)


def test_aucun_identifiant_n_est_donne_deux_fois(page):
    """W-67."""
    doubles = {nom: n for nom, n in Counter(re.findall(r'\sid="([^"]+)"', page)).items() if n > 1}

    assert doubles == {}


def test_la_liste_entiere_n_est_pas_lue_a_chaque_changement(page):
    """W-67 : une région annoncée ne contient aucune carte ; un lien mène quelque part."""
    regions = re.findall(r'<(\w+)[^>]*(?:aria-live="polite"|role="status")[^>]*>(.*?)</\1>', page, re.DOTALL)

    assert regions
    assert not any("<article" in contenu for _, contenu in regions)
    assert 'href="#"' not in page


def test_chaque_boite_de_dialogue_a_un_nom_et_est_un_dialogue():
    """W-66."""
    gabarits = [g for g in RACINE.glob("templates/**/*.html") if "<dialog" in g.read_text("utf-8")]
    balises = [balise for g in gabarits for balise in re.findall(r"<dialog[^>]*>", g.read_text("utf-8"))]

    assert balises
    assert [balise for balise in balises if not re.search(r"aria-label(ledby)?=", balise)] == []


def test_ce_que_la_couleur_dit_un_texte_le_dit_aussi(page):
    """W-68 : la modalité par sa lettre et son nom, la source et l’âge en toutes lettres, les badges aussi."""
    en_entier = re.search(
        r'<abbr class="sas-modalite" aria-hidden="true" title="([^"]+)">[CTD]</abbr>', page
    )[1]
    assert f'<span class="fr-sr-only">, {en_entier.lower()}</span>' in page
    assert "Agenda SAS · saisi" in page
    assert not re.search(r'class="fr-badge[^"]*">\s*</', page)


def test_le_poste_ne_garde_rien_de_ce_qui_est_cherche():
    """W-70 : deux préférences, et rien d’autre ; aucun script ne s’adresse ailleurs qu’au site."""
    scripts = {js.name: js.read_text("utf-8") for js in RACINE.glob("static/js/*.js")}
    gardees = {nom for nom, js in scripts.items() if re.search(r"(local|session)Storage|indexedDB", js)}

    assert gardees == {"clavier.js", "carte-geo.js"}
    assert re.findall(r'const (?:REGLAGE|OUVERTE) = "([\w-]+)"', "".join(scripts.values()))
    assert not re.search(r"document\.cookie", "".join(scripts.values()))
    assert not re.search(r"""(?:fetch|EventSource|import)\(\s*["'`]https?:""", "".join(scripts.values()))
