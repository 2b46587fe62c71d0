import pytest

from agenda.editeurs.liens import LienRefuse, avec_origine, lien_admis

HOTES = ["rdv.exemple.fr"]


@pytest.mark.parametrize(
    ("lien", "attendu"),
    [
        ("https://rdv.exemple.fr/a", "https://rdv.exemple.fr/a?origin=sas"),
        ("https://rdv.exemple.fr/a?id=1", "https://rdv.exemple.fr/a?id=1&origin=sas"),
        ("https://rdv.exemple.fr/a?origin=x&id=1&origin=y", "https://rdv.exemple.fr/a?id=1&origin=sas"),
        ("https://rdv.exemple.fr/a?%6Frigin=x", "https://rdv.exemple.fr/a?origin=sas"),
        ("https://rdv.exemple.fr/a?b=%7C+c&originel=1#/fin", "https://rdv.exemple.fr/a?b=%7C+c&originel=1&origin=sas#/fin"),
        ("HTTPS://RDV.exemple.fr:8443/a", "https://RDV.exemple.fr:8443/a?origin=sas"),
    ],
)  # fmt: skip
def test_origin_est_pose_ou_remplace_et_le_reste_est_garde(lien, attendu):
    assert avec_origine(lien, origine="sas", hotes=HOTES) == attendu


def test_la_valeur_d_origin_est_encodee():
    assert avec_origine("https://rdv.exemple.fr/", origine="a&b=c", hotes=HOTES).endswith("?origin=a%26b%3Dc")


@pytest.mark.parametrize(
    "lien",
    [
        "",
        "http://rdv.exemple.fr/a",
        "javascript:alert(1)",
        "data:text/html,x",
        "//rdv.exemple.fr/a",
        "https:rdv.exemple.fr",
        "https://",
        "https://autre.fr/a",
        "https://rdv.exemple.fr.autre.fr/a",
        "https://rdv.exemple.fr@autre.fr/a",
        "https://moi:secret@rdv.exemple.fr/a",
        "https://rdv.exemple.fr\\@autre.fr/a",
        "https://rdv.exemple.fr/a\nLocation: x",
        "https://rdv.exemple.fr/é",
        "https://rdv.exemple.fr:port/a",
        "https://[rdv.exemple.fr/a",
        "https://rdv.exemple.fr/" + "a" * 2_000,
        "http://127.0.0.1/a",
    ],
)
def test_un_lien_douteux_est_refuse(lien):
    with pytest.raises(LienRefuse):
        avec_origine(lien, origine="sas", hotes=[*HOTES, "127.0.0.1"])


def test_http_n_est_admis_que_vers_la_machine_elle_meme_et_sur_demande():
    hotes = ["127.0.0.1", "rdv.exemple.fr"]

    assert lien_admis("http://127.0.0.1:9000/rdv?x=1", hotes=hotes, http_local=True)
    assert not lien_admis("http://rdv.exemple.fr/rdv?x=1", hotes=hotes, http_local=True)


def test_sans_hote_declare_aucun_lien_n_est_admis():
    assert not lien_admis("https://rdv.exemple.fr/a", hotes=[])
    assert lien_admis("https://rdv.exemple.fr/a", hotes=None)
