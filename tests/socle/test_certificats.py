"""Certificats X.509 : chaîne, dates, usage et révocation, avec une autorité créée pour l’essai."""

from __future__ import annotations

import datetime as dt

import pytest

from sas_platform.socle import certificats
from sas_platform.socle.certificats import CertificatRefuse, lire_autorites, lire_certificat, verifier
from tests.autorite import CLIENT, JOUR, SERVEUR, Autorite

MAINTENANT = dt.datetime.now(dt.UTC)


@pytest.fixture
def racine(tmp_path) -> Autorite:
    return Autorite(tmp_path, "Racine")


def motif(paire, autorites, instant=MAINTENANT) -> str:
    try:
        verifier(paire.x509, autorites, instant)
    except CertificatRefuse as refus:
        return refus.motif
    return ""


def test_un_certificat_signe_par_une_autorite_admise_passe(racine):
    paire = racine.delivrer("editeur", ["0002"], usage=CLIENT)

    assert motif(paire, lire_autorites(racine.fichier)) == ""
    assert certificats.noms_communs(paire.x509) == ["editeur"]
    assert certificats.unites(paire.x509) == ["0002"]


def test_une_autorite_intermediaire_se_suit_jusqu_a_la_racine(racine, tmp_path):
    intermediaire = Autorite(tmp_path, "Intermédiaire", superieure=racine)
    fichier = tmp_path / "autorites.pem"
    fichier.write_text(racine.fichier.read_text() + intermediaire.fichier.read_text())
    paire = intermediaire.delivrer("editeur")

    assert motif(paire, lire_autorites(fichier)) == ""
    assert motif(paire, lire_autorites(racine.fichier)) == "chaine"


def test_une_autre_autorite_du_meme_nom_ne_trompe_pas(racine, tmp_path):
    (tmp_path / "faux").mkdir()
    faussaire = Autorite(tmp_path / "faux", "Racine")

    assert motif(faussaire.delivrer("editeur"), lire_autorites(racine.fichier)) == "chaine"


def test_un_certificat_client_n_est_pas_une_autorite(racine, tmp_path):
    paire = racine.delivrer("editeur")
    (tmp_path / "faux").mkdir()
    imposteur = Autorite(tmp_path / "faux", "Imposteur")
    fichier = tmp_path / "autorites.pem"
    fichier.write_text(paire.pem)

    assert motif(imposteur.delivrer("autre"), lire_autorites(fichier)) == "chaine"


@pytest.mark.parametrize(
    ("debut", "fin"),
    [
        pytest.param(MAINTENANT - 9 * JOUR, MAINTENANT - JOUR, id="expiré"),
        pytest.param(MAINTENANT + JOUR, MAINTENANT + 9 * JOUR, id="pas encore valable"),
    ],
)
def test_un_certificat_hors_de_ses_dates_est_refuse(racine, debut, fin):
    paire = racine.delivrer("editeur", debut=debut, fin=fin)

    assert motif(paire, lire_autorites(racine.fichier)) == "hors_dates"


def test_un_certificat_de_serveur_ne_prouve_pas_un_client(racine):
    assert motif(racine.delivrer("site", usage=SERVEUR), lire_autorites(racine.fichier)) == "usage"


@pytest.mark.parametrize("der", [False, True], ids=["PEM", "DER"])
def test_un_certificat_revoque_est_refuse_et_son_voisin_admis(racine, der):
    revoque, voisin = racine.delivrer("editeur"), racine.delivrer("voisin")
    racine.revoquer(revoque)
    autorites = lire_autorites(racine.fichier, [racine.liste_de_revocation(der=der)])

    assert motif(revoque, autorites) == "revoque"
    assert motif(voisin, autorites) == ""


def test_une_autorite_intermediaire_revoquee_emporte_ses_certificats(racine, tmp_path):
    intermediaire = Autorite(tmp_path, "Intermédiaire", superieure=racine)
    fichier = tmp_path / "autorites.pem"
    fichier.write_text(racine.fichier.read_text() + intermediaire.fichier.read_text())
    paire = intermediaire.delivrer("editeur")
    listes = [racine.liste_de_revocation(), intermediaire.liste_de_revocation()]

    assert motif(paire, lire_autorites(fichier, listes)) == ""
    racine.revoquer(intermediaire)
    racine.liste_de_revocation()
    assert motif(paire, lire_autorites(fichier, listes)) == "revoque"


def test_une_liste_perimee_ou_d_une_autre_autorite_ne_vaut_pas_absence_de_revocation(racine, tmp_path):
    paire = racine.delivrer("editeur")
    perimee = racine.liste_de_revocation(le=MAINTENANT - 9 * JOUR, jusqu_au=MAINTENANT - JOUR)
    (tmp_path / "autre").mkdir()
    etrangere = Autorite(tmp_path / "autre", "Autre").liste_de_revocation()

    assert motif(paire, lire_autorites(racine.fichier, [perimee])) == "revocation_inconnue"
    assert motif(paire, lire_autorites(racine.fichier, [etrangere])) == "revocation_inconnue"


def test_une_liste_signee_par_un_homonyme_ne_compte_pas(racine, tmp_path):
    paire = racine.delivrer("editeur")
    (tmp_path / "faux").mkdir()
    faussaire = Autorite(tmp_path / "faux", "Racine")

    assert motif(paire, lire_autorites(racine.fichier, [faussaire.liste_de_revocation()])) == (
        "revocation_inconnue"
    )


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"pas un certificat",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        b"x" * 30_000,
    ],
)
def test_un_certificat_illisible_est_un_refus(pem):
    with pytest.raises(CertificatRefuse):
        lire_certificat(pem)


def test_le_terme_se_lit_dans_le_fichier(racine):
    fin = (MAINTENANT + 40 * JOUR).replace(microsecond=0)

    assert certificats.expire_le(racine.delivrer("plateforme", fin=fin).certificat) == fin
