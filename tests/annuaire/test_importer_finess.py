import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from annuaire.enums import TypeStructure
from annuaire.models import LieuExercice, Structure
from tests.annuaire.extractions import ecrire_finess, ege, ligne_finess, position_finess
from tests.annuaire.factories import CommuneFactory, DepartementFactory, LieuExerciceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _reference():
    CommuneFactory()
    CommuneFactory(reunion=True)
    guadeloupe = DepartementFactory(code="971", nom="Guadeloupe", fuseau="America/Guadeloupe", zone="drom")
    CommuneFactory(code_insee="97105", nom="Basse-Terre", departement=guadeloupe, lat=15.99, lon=-61.73)
    corse = DepartementFactory(code="2A", nom="Corse-du-Sud")
    CommuneFactory(code_insee="2A004", nom="Ajaccio", departement=corse, lat=41.93, lon=8.7)


@pytest.fixture
def fichier(tmp_path):
    return tmp_path / "etalab-cs1100507-stock-20260512.csv"


def importer(fichier, *options):
    sortie, progression = StringIO(), StringIO()
    call_command("importer_finess", str(fichier), *options, stdout=sortie, stderr=progression)
    return sortie.getvalue(), progression.getvalue()


def ecrire_json(fichier, *entites, **racine):
    contenu = {"entete": {"version": 1}, "pmej": list(entites)} | racine
    fichier.write_text(json.dumps(contenu, ensure_ascii=False), encoding="utf-8")
    return fichier


def entite(*etablissements):
    return {
        "informationsGeneralesPMEJ": {"denominationPm": "ASSOCIATION FICTIVE", "numFinessPm": "590000006"},
        "ege": list(etablissements),
    }


def etat():
    return list(Structure.objects.order_by("pk").values()), list(LieuExercice.objects.order_by("pk").values())


def centres(nombre):
    return [ligne_finess(finess=f"59000{rang:04d}") for rang in range(nombre)]


def test_un_centre_de_sante_de_l_ancien_format(fichier):
    ecrire_finess(fichier, ligne_finess(), position_finess("590000014", "704000.0", "7059000.0"))

    resume, _ = importer(fichier, "--ecrire")

    structure = Structure.objects.get()
    lieu = structure.lieux.get()
    assert (structure.type, structure.nom) == (TypeStructure.CDS, "CENTRE DE SANTÉ FICTIF DE LA DEÛLE")
    assert (structure.commune_id, structure.code_postal) == ("59350", "59000")
    assert structure.telephone == "+33353010001"
    assert (structure.lat, structure.lon) == (pytest.approx(50.634, abs=0.01), pytest.approx(3.057, abs=0.01))
    assert (lieu.source, lieu.cle, lieu.precision_geo) == ("finess", "590000014", "numero")
    assert lieu.effecteur is None
    assert "1 structures créées" in resume


def test_le_meme_centre_dans_le_json(tmp_path, fichier):
    ecrire_finess(fichier, ligne_finess(), position_finess("590000014", "704000.0", "7059000.0"))
    importer(fichier, "--ecrire")
    attendu = Structure.objects.values().get()
    document = ecrire_json(tmp_path / "finess.json", entite(ege()))

    importer(document, "--ecrire")

    obtenu = Structure.objects.values().get()
    assert obtenu.pop("adresse") == "12 RUE NATIONALE"
    attendu.pop("adresse")
    assert obtenu == attendu


@pytest.mark.parametrize("racine", ["liste", "objet"])
def test_rejouer_ne_change_rien(tmp_path, racine):
    document = tmp_path / "finess.json"
    if racine == "liste":
        document.write_text(json.dumps([entite(ege())]), encoding="utf-8")
    else:
        ecrire_json(document, entite(ege()))
    importer(document, "--ecrire")
    avant = etat()

    resume, _ = importer(document, "--ecrire")

    assert etat() == avant
    assert "0 structures créées, 0 modifiées, 0 devenues inactives" in resume
    assert "0 lieux créés, 0 lieux modifiés, 0 lieux devenus inactifs" in resume


def test_la_simulation_n_ecrit_rien(fichier):
    ecrire_finess(fichier, ligne_finess())

    resume, _ = importer(fichier)

    assert resume.startswith("Simulation : 1 lignes lues")
    assert not Structure.objects.exists()


@pytest.mark.parametrize(
    ("valeurs", "commune"),
    [
        pytest.param({"departement": "9A", "commune": "105"}, "97105", id="9A vaut 971"),
        pytest.param({"departement": "9D", "commune": "411"}, "97411", id="9D vaut 974"),
        pytest.param({"departement": "2A", "commune": "004"}, "2A004", id="Corse-du-Sud"),
        pytest.param({"departement": "59", "commune": "350"}, "59350", id="métropole"),
    ],
)
def test_le_departement_de_finess_devient_celui_de_l_insee(fichier, valeurs, commune):
    ecrire_finess(
        fichier,
        ligne_finess(finess="2A0000014" if valeurs["departement"] == "2A" else "590000014", **valeurs),
    )

    importer(fichier, "--ecrire")

    assert Structure.objects.get().commune_id == commune


@pytest.mark.parametrize(
    ("categorie", "nom", "type_"),
    [
        pytest.param("124", "CENTRE DE SANTE DES TILLEULS", "cds", id="centre de santé"),
        pytest.param("124", "CENTRE DE SANTE DENTAIRE", "autre", id="centre dentaire"),
        pytest.param("124", "CSI SAINT JEAN", "autre", id="centre de soins infirmiers"),
        pytest.param("124", "CENTRE OPHTALMOLOGIQUE", "autre", id="centre d’ophtalmologie"),
        pytest.param("603", "MSP DE LA DEULE", "msp", id="maison de santé"),
        pytest.param("604", "CPTS DU NORD", "cpts", id="CPTS"),
        pytest.param("698", "COMMUNAUTE PROFESSIONNELLE", "autre", id="698 n’est pas une CPTS"),
        pytest.param("355", "CENTRE HOSPITALIER", "autre", id="hôpital"),
        pytest.param("630", "SOS MEDECINS LILLE", "sos", id="SOS Médecins"),
    ],
)
def test_le_type_vient_du_code_de_categorie(fichier, categorie, nom, type_):
    ecrire_finess(fichier, ligne_finess(categetab=categorie, rslongue=nom))

    importer(fichier, "--ecrire")

    structure = Structure.objects.get()
    assert structure.type == type_
    assert structure.lieux.exists() == (type_ != "autre")


@pytest.mark.parametrize(
    "geo",
    [
        pytest.param({"coordonneeX": "704000", "coordonneeY": "7059000"}, id="Lambert-93"),
        pytest.param({"coordonneeX": "3.0565", "coordonneeY": "50.6338"}, id="degrés dans X et Y"),
        pytest.param({"coordonneeX": "50.6338", "coordonneeY": "3.0565"}, id="degrés échangés"),
        pytest.param({"directionLatitude": "50.6338", "directionLongitude": "3.0565"}, id="WGS84 à sa place"),
        pytest.param(
            {"directionLatitude": "704000", "directionLongitude": "7059000"}, id="Lambert à la place de WGS84"
        ),
    ],
)
def test_la_position_est_reconnue_a_ses_valeurs(tmp_path, geo):
    adresse = ege()["adresse"][0] | {"coordonneesGeographique": geo}
    document = ecrire_json(tmp_path / "finess.json", entite(ege(adresse=[adresse])))

    importer(document, "--ecrire")

    structure = Structure.objects.get()
    assert (structure.lat, structure.lon) == (pytest.approx(50.634, abs=0.01), pytest.approx(3.057, abs=0.01))


def test_une_position_absurde_laisse_celle_de_la_commune(tmp_path):
    adresse = ege()["adresse"][0] | {"coordonneesGeographique": {"coordonneeX": "0", "coordonneeY": "0"}}
    document = ecrire_json(tmp_path / "finess.json", entite(ege(adresse=[adresse])))

    importer(document, "--ecrire")

    assert Structure.objects.get().lat is None
    lieu = LieuExercice.objects.get()
    assert (lieu.lat, lieu.lon, lieu.precision_geo) == (50.63139, 3.04688, "commune")


def test_la_casse_des_cles_du_json_est_indifferente(tmp_path):
    autre = json.loads(json.dumps(ege()).replace("informationsGeneralesEGE", "informationsGeneralesEge"))
    autre["categorieEntiteGeographiqueExercice"] = {"code": autre.pop("categorieentiteGeographiqueExercice")}
    document = ecrire_json(tmp_path / "finess.json", entite(autre))

    importer(document, "--ecrire")

    assert Structure.objects.get().type == "cds"


def test_un_etablissement_ferme_devient_inactif(tmp_path):
    document = tmp_path / "finess.json"
    importer(ecrire_json(document, entite(ege())), "--ecrire")

    importer(ecrire_json(document, entite(ege(etatObjet="I"))), "--ecrire", "--confirmer")

    assert not Structure.objects.get().est_active
    assert not LieuExercice.objects.get().est_actif


def test_l_ancien_format_en_latin_1(fichier):
    ecrire_finess(fichier, ligne_finess(), encodage="cp1252")

    importer(fichier, "--ecrire")

    assert Structure.objects.get().nom == "CENTRE DE SANTÉ FICTIF DE LA DEÛLE"


def test_un_json_en_plusieurs_blocs_est_lu_en_entier(tmp_path, monkeypatch):
    """Des blocs de sept octets coupent les accents et les nombres : rien ne se perd."""
    monkeypatch.setattr("annuaire.connecteurs.finess.BLOC", 7)
    etablissements = [
        ege(
            informationsGeneralesEGE={
                "nomEgeLong": f"MAISON DÉDIÉE {rang}",
                "numFinessEge": f"59000{rang:04d}",
            }
        )
        for rang in range(5)
    ]
    document = ecrire_json(tmp_path / "finess.json", entite(*etablissements[:2]), entite(*etablissements[2:]))

    importer(document, "--ecrire")

    assert set(Structure.objects.values_list("nom", flat=True)) == {
        f"MAISON DÉDIÉE {rang}" for rang in range(5)
    }


def test_les_mauvaises_lignes_sont_ecartees(fichier, tmp_path):
    ecrire_finess(
        fichier,
        ligne_finess(),
        ligne_finess(finess="12"),
        "structureet;590000022;trop court",
        ligne_finess(finess="590000030", departement="99", commune="999", acheminement="99999 NULLE PART"),
        position_finess("590000014", "abc", "7059000"),
        position_finess("590000014", "1", "2"),
        "autre;chose",
    )

    resume, details = importer(fichier, "--ecrire", "--rejets", str(tmp_path / "rejets.csv"))

    assert "6 écartées" in resume
    for motif in ("FINESS mal formé", "nombre de cellules inattendu", "commune introuvable", "coordonnées illisibles",
                  "coordonnées hors de France", "section inconnue"):  # fmt: skip
        assert f"1 × {motif}" in details
    assert len((tmp_path / "rejets.csv").read_text(encoding="utf-8").splitlines()) == 7
    assert Structure.objects.count() == 1


@pytest.mark.parametrize(
    ("siret", "signalee"), [("73282932000074", False), ("73282932000075", True), ("", False)]
)
def test_une_cle_de_siret_fausse_est_signalee_sans_ecarter_la_structure(tmp_path, siret, signalee):
    centre = ege()
    centre["informationsGeneralesEGE"] |= {"siret": siret}
    document = ecrire_json(tmp_path / "finess.json", entite(centre))

    _, details = importer(document, "--ecrire")

    assert ("à vérifier : 1 × clé du SIRET inattendue" in details) is signalee
    assert Structure.objects.get().siret == siret


def test_un_signe_nul_n_arrete_pas_l_import(fichier):
    ecrire_finess(fichier, ligne_finess(), ligne_finess(finess="590000022", rs="CEN\0TRE"))

    _, details = importer(fichier, "--ecrire")

    assert "1 × signe nul" in details
    assert Structure.objects.count() == 1


@pytest.mark.parametrize("echappe", [rb"\u0000", rb"\ud800"])
def test_ce_que_la_base_ne_sait_pas_garder_est_retire_du_json(tmp_path, echappe):
    document = ecrire_json(tmp_path / "finess.json", entite(ege()))
    document.write_bytes(document.read_bytes().replace(b"CENTRE DE", b"CENTRE" + echappe + b" DE"))

    importer(document, "--ecrire")

    assert Structure.objects.get().nom == "CENTRE DE SANTÉ FICTIF DE LA DEÛLE"


@pytest.mark.parametrize(
    ("contenu", "message"),
    [
        pytest.param(b"", "vide", id="vide"),
        pytest.param(b"a;b\n1;2\n", "Ce n’est pas un fichier FINESS", id="autre fichier"),
        pytest.param(b"finess;etalab;93;2026-05-12\n", "que sa ligne d’en-tête", id="en-tête seul"),
        pytest.param(b'{"autre": []}', "Aucun établissement", id="autre JSON"),
        pytest.param(b'{"pmej": []}', "Aucun établissement", id="JSON vide"),
        pytest.param(b'{"pmej": [{"ege": [{"a"', "tronqué", id="JSON tronqué"),
        pytest.param('{"pmej": []}'.encode("utf-16"), "Ce n’est pas un fichier FINESS", id="UTF-16"),
    ],
)
def test_un_fichier_inattendu_est_refuse_clairement(tmp_path, contenu, message):
    fichier = tmp_path / "finess"
    fichier.write_bytes(contenu)

    with pytest.raises(CommandError, match=message):
        importer(fichier, "--ecrire")


@pytest.mark.parametrize("format_", ["csv", "json"])
def test_un_fichier_tronque_n_ecrit_rien(fichier, tmp_path, format_):
    if format_ == "csv":
        document = ecrire_finess(fichier, *centres(3))
    else:
        document = ecrire_json(tmp_path / "finess.json", entite(ege()), entite(ege()))
    document.write_bytes(document.read_bytes()[:-40])

    with pytest.raises(CommandError, match="tronqué"):
        importer(document, "--ecrire")

    assert not Structure.objects.exists()


def test_trop_de_disparitions_retiennent_l_import(fichier):
    ecrire_finess(fichier, *centres(20))
    importer(fichier, "--ecrire")
    ecrire_finess(fichier, *centres(18))

    with pytest.raises(CommandError, match="2 disparaîtraient") as refus:
        importer(fichier, "--ecrire")

    assert refus.value.returncode == 3
    assert Structure.objects.filter(est_active=True).count() == 20

    importer(fichier, "--ecrire", "--confirmer")

    assert Structure.objects.filter(est_active=True).count() == 18
    assert LieuExercice.objects.filter(est_actif=True).count() == 18


def test_une_adresse_qui_change_n_est_pas_une_identite_qui_change(fichier):
    ecrire_finess(fichier, *centres(3))
    importer(fichier, "--ecrire")
    ecrire_finess(fichier, *[ligne_finess(finess=f"59000{rang:04d}", numvoie="99") for rang in range(3)])

    resume, _ = importer(fichier, "--ecrire")

    assert "3 modifiées" in resume
    assert "3 lieux modifiés" in resume


def test_les_structures_fictives_ne_disparaissent_pas(fichier):
    fictif = LieuExerciceFactory(de_structure=True)
    ecrire_finess(fichier, ligne_finess())

    importer(fichier, "--ecrire")

    fictif.structure.refresh_from_db()
    assert fictif.structure.est_active
