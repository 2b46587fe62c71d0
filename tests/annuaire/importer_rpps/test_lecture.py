"""Du fichier à l’annuaire, ligne par ligne : ce qui est lu, écarté, compris."""

import csv
import zipfile
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from agenda.generation.extraction import ANCIENNES, COLONNES
from annuaire.models import Effecteur, LieuExercice
from tests.annuaire.extractions import ecrire_rpps, ligne_rpps
from tests.annuaire.factories import StructureFactory
from tests.annuaire.importer_rpps.commande import importer, personnes


def test_une_ligne_donne_un_effecteur_et_son_lieu(fichier):
    ecrire_rpps(fichier, ligne_rpps())

    resume, _ = importer(fichier, "--ecrire")

    effecteur = Effecteur.objects.get()
    lieu = effecteur.lieux.get()
    assert effecteur.identifiant_national == "899900000011"
    assert str(effecteur) == "ÉLODIE L’HÉRITIER"
    assert effecteur.nom_recherche == "elodie l heritier"
    assert effecteur.savoir_faire == ["SM54"]
    assert (lieu.adresse, lieu.code_postal, lieu.commune_id) == ("2 Faubourg SAINT ETIENNE", "59000", "59350")
    assert (lieu.telephone, lieu.fuseau, lieu.precision_geo) == ("+33353010000", "Europe/Paris", "commune")
    assert (lieu.source, lieu.cle, lieu.mode_exercice) == ("rpps", "C100", "L")
    assert resume.startswith("Écrit : 1 lignes lues, 0 hors du champ du SAS, 0 écartées, 1 effecteurs créés")


def test_la_simulation_annonce_sans_ecrire(fichier):
    ecrire_rpps(fichier, ligne_rpps())

    resume, _ = importer(fichier)

    assert "1 effecteurs créés" in resume
    assert resume.startswith("Simulation")
    assert not Effecteur.objects.exists()


def test_les_lignes_d_une_personne_sont_reunies(fichier):
    """Deux savoir-faire sur un site, un seul sur l’autre : un effecteur, deux lieux."""
    ecrire_rpps(
        fichier,
        ligne_rpps(savoir_faire="SM53"),
        ligne_rpps(savoir_faire="SM26"),
        ligne_rpps(savoir_faire="SM26", structure="C200"),
        ligne_rpps(type_savoir_faire="CAPA", savoir_faire="C62"),
    )

    importer(fichier, "--ecrire")

    assert Effecteur.objects.get().savoir_faire == ["SM26", "SM53"]
    assert set(LieuExercice.objects.values_list("cle", flat=True)) == {"C100", "C200"}


@pytest.mark.parametrize(
    ("colonnes", "encodage"),
    [
        pytest.param(COLONNES, "utf-8", id="56 colonnes"),
        pytest.param(COLONNES[:ANCIENNES], "utf-8", id="52 colonnes, avant 2026"),
        pytest.param(COLONNES, "utf-8-sig", id="marque d’ordre des octets"),
        pytest.param(COLONNES, "cp1252", id="Latin-1"),
        pytest.param(tuple(reversed(COLONNES)), "utf-8", id="colonnes dans un autre ordre"),
        pytest.param(tuple(c.lower() for c in COLONNES), "utf-8", id="en-têtes en minuscules"),
    ],
)
def test_les_colonnes_sont_reconnues_a_leur_nom(fichier, colonnes, encodage):
    noms = {colonne.lower(): colonne for colonne in COLONNES}
    ligne = ligne_rpps(colonnes=[noms[colonne.lower()] for colonne in colonnes])
    ecrire_rpps(fichier, ligne, colonnes=colonnes, encodage=encodage)

    importer(fichier, "--ecrire")

    assert Effecteur.objects.get().nom == "L’HÉRITIER"
    assert LieuExercice.objects.get().nom == "CABINET MÉDICAL"


def test_l_archive_zip_est_lue_sans_etre_ouverte(tmp_path, fichier):
    ecrire_rpps(fichier, ligne_rpps())
    archive = tmp_path / "PS_LibreAcces.zip"
    with zipfile.ZipFile(archive, "w") as zip_:
        zip_.write(fichier, fichier.name)
        zip_.writestr("PS_LibreAcces_SavoirFaire_202610080800.txt", "autre chose")

    importer(archive, "--ecrire")

    assert Effecteur.objects.count() == 1


def test_les_mauvaises_lignes_sont_ecartees_et_notees(fichier, tmp_path):
    ecrire_rpps(
        fichier,
        ligne_rpps(),
        ligne_rpps(numero="123"),
        ligne_rpps(type="5"),
        ligne_rpps(nom=""),
        "une|ligne|trop|courte|",
        ligne_rpps(numero="99900000029", commune="99999", code_postal="99999", nom_commune=""),
    )
    rejets = tmp_path / "rejets.csv"

    resume, details = importer(fichier, "--ecrire", "--rejets", str(rejets))

    with rejets.open(encoding="utf-8") as flux:
        notees = [
            (ligne["fichier"], int(ligne["ligne"]), ligne["motif"])
            for ligne in csv.DictReader(flux, delimiter=";")
        ]
    assert notees == [
        (fichier.name, 3, "RPPS mal formé : onze chiffres attendus"),
        (fichier.name, 4, "type d’identifiant inconnu : 8 (RPPS) ou 0 (ADELI) attendu"),
        (fichier.name, 5, "nom absent"),
        (fichier.name, 6, "nombre de colonnes inattendu"),
        (fichier.name, 7, "commune du lieu introuvable"),
    ]
    assert "5 écartées" in resume
    assert "écartées : 1 × nombre de colonnes inattendu" in details
    assert Effecteur.objects.count() == 2  # le lieu introuvable ne prive pas la personne d’exister
    assert LieuExercice.objects.count() == 1


def test_un_octet_illisible_n_arrete_pas_l_import(fichier):
    ecrire_rpps(fichier, ligne_rpps(), ligne_rpps(numero="99900000029", nom="X"))
    fichier.write_bytes(fichier.read_bytes().replace(b"|X|", b"|\xff\xfe|"))

    _, details = importer(fichier, "--ecrire")

    assert "1 × encodage illisible" in details
    assert Effecteur.objects.count() == 1


def test_un_signe_nul_n_arrete_pas_l_import(fichier):
    ecrire_rpps(fichier, ligne_rpps(), ligne_rpps(numero="99900000029", nom="MAR\0TIN"))

    _, details = importer(fichier, "--ecrire")

    assert "1 × signe nul" in details
    assert Effecteur.objects.count() == 1


@pytest.mark.parametrize(
    ("contenu", "message"),
    [
        pytest.param(b"", "vide", id="vide"),
        pytest.param(b"a;b;c\n1;2;3\n", "colonnes absentes", id="autre fichier"),
        pytest.param("Identifiant|Nom|".encode("utf-16"), "Encodage non reconnu", id="UTF-16"),
        pytest.param(("|".join(COLONNES) + "|\n").encode(), "que sa ligne d’en-tête", id="en-tête seul"),
        pytest.param(b"\x89PNG" + b"x" * 200_000, "démesurée", id="binaire"),
    ],
)
def test_un_fichier_inattendu_est_refuse_clairement(fichier, contenu, message):
    fichier.write_bytes(contenu)

    with pytest.raises(CommandError, match=message):
        importer(fichier, "--ecrire")

    assert not Effecteur.objects.exists()


def test_un_fichier_tronque_n_ecrit_rien(fichier):
    ecrire_rpps(fichier, ligne_rpps(), ligne_rpps(numero="99900000029"))
    fichier.write_bytes(fichier.read_bytes()[:-60])

    with pytest.raises(CommandError, match="tronqué : la ligne 3"):
        importer(fichier, "--ecrire")

    assert not Effecteur.objects.exists()


def test_une_archive_tronquee_n_ecrit_rien(tmp_path, fichier):
    ecrire_rpps(fichier, *personnes(50))
    archive = tmp_path / "extraction.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zip_:
        zip_.write(fichier, fichier.name)
    archive.write_bytes(archive.read_bytes()[:400])

    with pytest.raises(CommandError, match="tronquée ou abîmée"):
        importer(archive, "--ecrire")


def test_un_fichier_absent_est_dit(tmp_path):
    with pytest.raises(CommandError, match="introuvable"):
        importer(tmp_path / "absent.txt")


@pytest.mark.parametrize(
    ("valeurs", "lieux"),
    [
        pytest.param({}, 1, id="cabinet libéral"),
        pytest.param({"mode": "S", "secteur": "SA05"}, 1, id="salarié d’un centre de santé"),
        pytest.param({"mode": "S", "secteur": "SA01"}, 0, id="salarié de l’hôpital"),
        pytest.param({"mode": "L", "secteur": "SA01"}, 0, id="consultation libérale à l’hôpital"),
        pytest.param({"mode": "L", "secteur": "SA64"}, 0, id="téléconsultation"),
        pytest.param({"mode": "B"}, 0, id="bénévole"),
        pytest.param({"structure": "", "code_postal": "", "commune": ""}, 0, id="aucune activité"),
    ],
)
def test_seul_l_exercice_de_ville_donne_un_lieu(fichier, valeurs, lieux):
    ecrire_rpps(fichier, ligne_rpps(**valeurs))

    importer(fichier, "--ecrire")

    assert Effecteur.objects.get().lieux.count() == lieux


@pytest.mark.parametrize(
    "valeurs",
    [
        pytest.param({"profession": "26"}, id="audioprothésiste"),
        pytest.param({"categorie": "E"}, id="étudiant"),
    ],
)
def test_qui_n_est_pas_du_champ_du_sas_est_compte_sans_etre_garde(fichier, valeurs):
    ecrire_rpps(fichier, ligne_rpps(**valeurs))

    resume, _ = importer(fichier, "--ecrire")

    assert "1 hors du champ du SAS" in resume
    assert not Effecteur.objects.exists()


def test_un_identifiant_adeli_garde_son_zero(fichier):
    ecrire_rpps(fichier, ligne_rpps(type="0", numero="050012345", profession="50"))

    importer(fichier, "--ecrire")

    assert Effecteur.objects.get().identifiant_national == "0050012345"


@pytest.mark.parametrize(
    ("valeurs", "commune"),
    [
        pytest.param({"commune": ""}, "59350", id="sans code commune"),
        pytest.param({"commune": "59999"}, "59350", id="commune disparue"),
        pytest.param({"code_postal": "59033", "commune": "59350"}, "59350", id="CEDEX"),
        pytest.param({"code_postal": "97400", "commune": "97411"}, "97411", id="La Réunion"),
    ],
)
def test_la_commune_est_retrouvee(fichier, valeurs, commune):
    ecrire_rpps(fichier, ligne_rpps(**valeurs))

    importer(fichier, "--ecrire")

    assert LieuExercice.objects.get().commune_id == commune


def test_un_lieu_d_outre_mer_a_le_fuseau_et_l_indicatif_de_son_ile(fichier):
    ecrire_rpps(fichier, ligne_rpps(commune="97411", code_postal="97400", telephone="0262 99 00 01"))

    importer(fichier, "--ecrire")

    lieu = LieuExercice.objects.get()
    assert lieu.fuseau == "Indian/Reunion"
    assert lieu.telephone == "+262262990001"


def test_un_site_connu_de_finess_donne_sa_structure_et_sa_position(fichier):
    structure = StructureFactory(finess="590000014", lat=50.6301, lon=3.0702)
    ecrire_rpps(fichier, ligne_rpps(finess="590000014", mode="S", secteur="SA05"))

    importer(fichier, "--ecrire")

    lieu = LieuExercice.objects.get()
    assert lieu.structure == structure
    assert (lieu.lat, lieu.lon, lieu.precision_geo) == (50.6301, 3.0702, "numero")


def test_le_type_de_voie_n_est_pas_repete(fichier):
    ecrire_rpps(fichier, ligne_rpps(type_voie="Rue", voie="RUE DENIS PAPIN"))

    importer(fichier, "--ecrire")

    assert LieuExercice.objects.get().adresse == "2 RUE DENIS PAPIN"


def test_une_cle_rpps_fausse_est_signalee_sans_ecarter_la_personne(fichier):
    ecrire_rpps(fichier, ligne_rpps(numero="10000000001"))

    _, details = importer(fichier, "--ecrire")

    assert "à vérifier : 1 × clé du RPPS inattendue" in details
    assert Effecteur.objects.count() == 1


def test_la_progression_est_dite(fichier):
    ecrire_rpps(fichier, *personnes(6))

    _, progression = importer(fichier, "--lot", "2")

    assert [ligne.strip() for ligne in progression.splitlines()][:3] == [
        "2 lignes lues",
        "4 lignes lues",
        "6 lignes lues",
    ]


def test_l_extraction_fictive_s_importe_sans_rejet(tmp_path):
    fichier = tmp_path / "fictive.txt"
    call_command("generer_extraction_rpps", str(fichier), lignes=300, stdout=StringIO())

    resume, _ = importer(fichier, "--ecrire")

    assert "300 lignes lues" in resume
    assert " 0 écartées" in resume
    assert Effecteur.objects.filter(identifiant_national__startswith="8999").count() > 20
