from datetime import UTC, date, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count

from agenda.generation.annuaire import Generateur
from agenda.generation.echelles import LOCALE, NATIONALE, Echelle
from agenda.generation.extraction import COLONNES, entete, lignes
from agenda.generation.geographie import Place, Territoire
from agenda.models import AgendaEditeur, Disponibilite, Editeur, Indisponibilite
from annuaire.domaine.identifiants import cle_finess_juste, cle_rpps_juste, cle_siret_juste
from annuaire.models import Effecteur, LieuExercice, Structure
from participation.models import Participation
from tests.annuaire.factories import CommuneFactory, DepartementFactory, ProfessionFactory

PETITE = Echelle(
    nom="locale",
    generalistes=60,
    effecteurs=100,
    lieux=150,
    structures=(("cds", 2), ("msp", 2), ("cpts", 1), ("sos", 1)),
    part_participants=0.5,
    departements=(("59", 70), ("974", 30)),
)
FICTIFS = ("+3319900", "+3326191", "+3335301", "+3346571", "+3353649")


@pytest.fixture(autouse=True)
def _petite_echelle(monkeypatch):
    monkeypatch.setattr("agenda.management.commands.generer_donnees.ECHELLES", {"locale": PETITE})


@pytest.fixture
def communes(db):
    CommuneFactory()
    CommuneFactory(reunion=True)
    for code in ("10", "40", "50", "60", "70", "91", "93"):
        ProfessionFactory(code=code, libelle=f"Profession {code}")


def generer(*options):
    sortie, progression = StringIO(), StringIO()
    options = ("--jour", "2026-11-02", *options)
    call_command("generer_donnees", *options, stdout=sortie, stderr=progression)
    return sortie.getvalue()


def territoires():
    lille = Place("59350", "Lille", "59000", "59", "Hauts-de-France", "Europe/Paris", 236_234, 50.63, 3.05)
    denis = Place(
        "97411", "Saint-Denis", "97400", "974", "La Réunion", "Indian/Reunion", 153_810, -20.9, 55.4
    )
    return {"59": Territoire([lille]), "974": Territoire([denis]), "": Territoire([lille, denis])}


def monde(graine, echelle=PETITE):
    generateur = Generateur(graine=graine, echelle=echelle, territoires=territoires())
    structures = generateur.structures()
    return structures, list(generateur.effecteurs([structure for structure, _ in structures]))


def test_la_meme_graine_donne_le_meme_monde():
    assert monde(7) == monde(7)
    assert monde(7) != monde(8)


def test_l_echelle_est_tenue():
    structures, effecteurs = monde(1)

    assert len(structures) + sum(len(effecteur.lieux) for effecteur in effecteurs) == PETITE.lieux
    assert sum(effecteur.est_generaliste for effecteur in effecteurs) == PETITE.generalistes
    assert max(len(effecteur.lieux) for effecteur in effecteurs) > 1


def test_les_deux_echelles_sont_celles_promises():
    assert (NATIONALE.generalistes, NATIONALE.lieux) == (60_000, 600_000)
    assert NATIONALE.interfaces * NATIONALE.creneaux_par_interface == pytest.approx(1_500_000, rel=0.02)
    assert {code for code, _ in LOCALE.departements} == {"59", "75", "23", "974", "973"}


def test_tous_les_identifiants_sont_bien_formes_et_fictifs():
    structures, effecteurs = monde(1)

    assert all(e.identifiant.startswith("8999") and cle_rpps_juste(e.identifiant[1:]) for e in effecteurs)
    assert all(cle_siret_juste(s.siret) for s, _ in structures)
    assert all(cle_finess_juste(s.finess) for s, _ in structures if s.finess)
    telephones = [lieu.telephone for e in effecteurs for lieu in e.lieux]
    assert all(numero.startswith(FICTIFS) and len(numero) == 12 for numero in telephones)


def test_la_base_recoit_tout_ce_qui_est_annonce(communes):
    resume = generer("--ecrire")

    assert Effecteur.objects.count() == PETITE.effecteurs
    assert LieuExercice.objects.count() == PETITE.lieux
    assert Structure.objects.count() == 6
    assert f"{Disponibilite.objects.count()} disponibilites" in resume
    assert Participation.objects.filter(participe=True).count() > 10
    assert Participation.objects.filter(participe=True, forfait_reorientation=True).exists()
    assert not Participation.objects.filter(participe=False, forfait_reorientation=True).exists()
    assert set(LieuExercice.objects.values_list("fuseau", flat=True)) == {"Europe/Paris", "Indian/Reunion"}
    assert set(Disponibilite.objects.values_list("genre", flat=True)) == {"creneau", "plage"}
    assert Indisponibilite.objects.exists()
    assert LieuExercice.objects.values("effecteur").annotate(n=Count("pk")).filter(n__gt=1).exists()


def test_chaque_ligne_versee_respecte_les_contraintes(communes):
    """COPY ne passe pas par les modèles : on relit tout comme un formulaire le ferait."""
    generer("--ecrire")

    for modele in (Effecteur, LieuExercice, Structure, Participation, Disponibilite):
        for objet in modele.objects.all():
            objet.validate_constraints()
            objet.clean_fields()


def test_l_echelle_locale_laisse_les_editeurs_a_la_demonstration(communes):
    generer("--ecrire")

    assert not Editeur.objects.exists()


def test_l_echelle_nationale_verse_des_agendas_d_editeurs(communes, monkeypatch):
    echelle = Echelle(**{c: getattr(PETITE, c) for c in PETITE.__slots__} | {"interfaces": 30})
    monkeypatch.setattr("agenda.management.commands.generer_donnees.ECHELLES", {"locale": echelle})

    generer("--ecrire")

    assert AgendaEditeur.objects.count() == 30
    agenda = AgendaEditeur.objects.select_related("raccordement__effecteur", "lieu").first()
    assert agenda.lieu.effecteur == agenda.raccordement.effecteur
    debuts = [creneau["d"] for creneau in agenda.creneaux]
    assert debuts == sorted(debuts)
    premier = datetime.fromtimestamp(debuts[0] * 60, tz=UTC)
    assert date(2026, 11, 1) <= premier.date() <= date(2026, 11, 5)
    assert agenda.raccordement.lot.raccordements.count() <= 25


def test_rejouer_ne_verse_rien_de_plus(communes):
    generer("--ecrire")

    assert "Déjà en place" in generer("--ecrire")
    assert Effecteur.objects.count() == PETITE.effecteurs


def test_une_autre_graine_ne_se_melange_pas(communes):
    generer("--ecrire")

    with pytest.raises(CommandError, match="D’autres données fictives"):
        generer("--ecrire", "--graine", "2")


def test_la_simulation_n_ecrit_rien(communes):
    resume = generer()

    assert resume.startswith("Simulation")
    assert "100 effecteurs" in resume
    assert not Effecteur.objects.exists()


def test_sans_communes_la_commande_dit_quoi_faire(db):
    DepartementFactory()

    with pytest.raises(CommandError, match="importer_communes"):
        generer("--ecrire")


def test_l_extraction_a_le_nombre_de_lignes_et_de_colonnes_demande():
    extraction = list(lignes(nombre=500, graine=1, territoire=territoires()[""]))

    assert len(extraction) == 500
    assert {ligne.count("|") for ligne in extraction} == {len(COLONNES)} == {entete().count("|")} == {56}
    assert extraction == list(lignes(nombre=500, graine=1, territoire=territoires()[""]))
