"""Un fichier de planning se lit quel que soit le tableur, et ne coûte jamais plus que sa taille."""

import io
import zipfile

import pytest

from agenda.echanges.fichiers import _CELLULES_MAX, LIGNES_MAX, TAILLE_MAX, lire
from annuaire.gestion.fichiers import FichierIllisible
from tests.agenda.echanges.classeurs import archive, cellule, classeur, ods, rang

ENTETE = ("lieu", "jour", "de", "a", "genre", "types")
LIGNE = ("12", "lundi", "9:00", "9:20", "créneau", "téléconsultation")
CSV = f"{';'.join(ENTETE)}\n{';'.join(LIGNE)}\n"
ATTENDU = [(2, dict(zip(ENTETE, LIGNE, strict=True)))]


@pytest.mark.parametrize(
    "contenu",
    [
        pytest.param(CSV.encode(), id="UTF-8"),
        pytest.param(b"\xef\xbb\xbf" + CSV.encode(), id="UTF-8 à marque d’ordre"),
        pytest.param(CSV.encode("cp1252"), id="Windows-1252"),
        pytest.param(CSV.encode("utf-16"), id="UTF-16"),
        pytest.param(CSV.replace(";", ",").encode(), id="virgules"),
        pytest.param(CSV.replace(";", "\t").encode(), id="tabulations"),
        pytest.param(CSV.replace("\n", "\r\n").encode(), id="fins de ligne de Windows"),
        pytest.param((CSV + "\n;;;;;\n").encode(), id="lignes vides en bas"),
        pytest.param(CSV.replace("lieu", "Lieu").replace(";a;", ";À;").encode(), id="en-tête en capitales"),
        pytest.param(classeur(ENTETE, LIGNE), id="ODS"),
    ],
)
def test_un_planning_se_lit_de_tous_les_tableurs(contenu):
    assert lire(contenu) == ATTENDU


def test_dates_heures_et_nombres_d_un_classeur_se_lisent_comme_on_les_ecrirait():
    cellules = (
        '<table:table-cell office:value-type="float" office:value="12"><text:p>12</text:p></table:table-cell>'
        '<table:table-cell office:value-type="date" office:date-value="2026-11-30"><text:p>lun.</text:p></table:table-cell>'
        '<table:table-cell office:value-type="time" office:time-value="PT09H05M00S"><text:p>9:05</text:p></table:table-cell>'
        '<table:table-cell office:value-type="string"><text:p>10h</text:p></table:table-cell>'
    )
    contenu = ods(
        rang("".join(map(cellule, ENTETE))) + rang(cellules + cellule("créneau") + cellule("cabinet"))
    )

    assert lire(contenu) == [
        (
            2,
            {
                "lieu": "12",
                "jour": "2026-11-30",
                "de": "09:05",
                "a": "10h",
                "genre": "créneau",
                "types": "cabinet",
            },
        )
    ]


def test_un_modele_rempli_en_partie_garde_ses_autres_lieux_en_attente():
    contenu = (
        "lieu;nom;jour;de;a;genre;types\n12;Dr A;lundi;9:00;9:20;créneau;cabinet\n13;Dr B;;;;;\n".encode()
    )

    assert [numero for numero, _ in lire(contenu)] == [2]


def test_la_formule_neutralisee_par_le_modele_retrouve_son_texte():
    assert lire(CSV.replace("téléconsultation", "'=cabinet").encode())[0][1]["types"] == "=cabinet"


ENTITES = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "contenu",
    [
        pytest.param(b"", id="vide"),
        pytest.param(b"   \n;;\n", id="blanc"),
        pytest.param(CSV.split("\n")[0].encode(), id="en-tête seul"),
        pytest.param(b"\x00\x01\x02" * 100, id="binaire"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 99, id="ancien classeur Excel"),
        pytest.param(b"\xff\xfe\x00", id="UTF-16 coupé"),
        pytest.param(CSV.replace("lundi", '"lundi').encode(), id="guillemet ouvert"),
        pytest.param(b'lieu;jour\n"' + b"x" * 200_000 + b'"\n', id="cellule immense"),
        pytest.param(CSV.replace("lundi", "l" * 300).encode(), id="cellule trop longue"),
        pytest.param(CSV.replace("types", "prix").encode(), id="colonne inconnue"),
        pytest.param(CSV.replace("types", "jour").encode(), id="colonne double"),
        pytest.param(f"{CSV.strip()};reste\n".encode(), id="cellule sans colonne"),
        pytest.param(b"x" * (TAILLE_MAX + 1), id="fichier trop gros"),
        pytest.param((CSV + CSV.split("\n")[1] + "\n").encode() * (LIGNES_MAX + 2), id="trop de lignes"),
        pytest.param(b"a\n" * 1_000_000, id="un million de lignes"),
        pytest.param(b"PK\x03\x04 pas une archive", id="archive abîmée"),
        pytest.param(archive("<pas-du-xml"), id="XML coupé"),
        pytest.param(ods("", avant=ENTITES), id="entités"),
        pytest.param(ods(rang(cellule("x"), repete=1_000_000)), id="ligne répétée un million de fois"),
        pytest.param(ods(rang(cellule("x", repetee=_CELLULES_MAX + 1))), id="cellule répétée"),
        pytest.param(
            ods('<table:table-row table:number-rows-repeated="99999999999">x</table:table-row>'),
            id="répétition démesurée",
        ),
        pytest.param(archive("<a>" + " " * 40_000_000 + "</a>"), id="bombe ZIP"),
        pytest.param(archive("<a>" * 100_000), id="éléments emboîtés"),
    ],
)
def test_un_fichier_illisible_ou_hostile_se_refuse_d_un_message(contenu):
    with pytest.raises(FichierIllisible) as refus:
        lire(contenu)

    assert str(refus.value).endswith((".", "»."))


def test_un_classeur_excel_dit_d_enregistrer_autrement():
    flux = io.BytesIO()
    with zipfile.ZipFile(flux, "w") as zip_:
        zip_.writestr("xl/workbook.xml", "<a/>")

    with pytest.raises(FichierIllisible, match="CSV ou en ODS"):
        lire(flux.getvalue())
