"""Le temps qui passe chez l’éditeur simulé, et le jeu de données du kit à toute heure."""

import datetime as dt

import pytest

from sas_platform.demo.editeur_simule import jeu_kit
from sas_platform.demo.editeur_simule.agenda import creneaux_libres, decoder_id, ecrire_id, est_complet
from sas_platform.demo.editeur_simule.recherche import PARIS
from sas_platform.demo.editeur_simule.titulaires import Association, Cpts, Lieu, Praticien

MAINTENANT = dt.datetime(2026, 11, 23, 8, 0, tzinfo=dt.UTC)
GRAINE = 7
LIEU = Lieu("", "1 rue Nationale", "Lille", "59000", "", "Europe/Paris")
SOS = Association("399900000000026", "SOS", (LIEU,))


def _praticiens(**champs):
    tous = (Praticien(f"8100000000{n:02}", "FICTIF", "Camille", "SM54", (LIEU,), **champs) for n in range(9))
    return [praticien for praticien in tous if not est_complet(praticien, GRAINE)]


def _libres(titulaires, maintenant=MAINTENANT, graine=GRAINE):
    fenetre = {"debut": MAINTENANT + dt.timedelta(hours=8), "fin": MAINTENANT + dt.timedelta(hours=60)}
    return {
        creneau.id: creneau
        for titulaire in titulaires
        for creneau in creneaux_libres(titulaire, 0, graine=graine, maintenant=maintenant, **fenetre)
    }


def test_les_memes_graine_et_heure_donnent_les_memes_creneaux():
    assert _libres(_praticiens()) == _libres(_praticiens())
    assert _libres(_praticiens()) != _libres(_praticiens(), graine=GRAINE + 1)


@pytest.mark.parametrize("titulaires", [_praticiens(), [SOS]], ids=["praticiens", "association"])
def test_avec_le_temps_des_creneaux_sont_pris_et_d_autres_rendus(titulaires):
    avant = _libres(titulaires).keys()
    apres = _libres(titulaires, MAINTENANT + dt.timedelta(hours=3)).keys()

    assert avant - apres
    assert apres - avant
    assert avant & apres


def test_un_membre_de_cpts_a_chaque_jour_un_creneau_qui_n_est_qu_a_elle():
    membres = _praticiens(cpts=(Cpts("1990000011", "CPTS"),))
    ordinaires = _libres(_praticiens())

    reserves = [creneau for creneau in _libres(membres).values() if not creneau.visibilites]

    assert {creneau.cpts for creneau in reserves} == {("1990000011",)}
    assert len({creneau.debut.date() for creneau in reserves}) >= 2
    assert not any(creneau.cpts for creneau in ordinaires.values())


def test_une_association_ne_montre_ses_creneaux_qu_a_tous_ou_a_la_regulation():
    libres = _libres([SOS]).values()

    assert {code for creneau in libres for code in creneau.visibilites} == {"PUBLIC", "SNP"}


@pytest.mark.parametrize("titulaire", [*_praticiens()[:1], SOS])
def test_l_id_d_un_creneau_dit_a_qui_il_est_et_quand(titulaire):
    creneau = min(_libres([titulaire]).values(), key=lambda c: c.debut)

    assert decoder_id(creneau.id) == (titulaire.identifiant, 0, creneau.debut)
    assert ecrire_id(titulaire, 0, creneau.debut) == creneau.id


@pytest.mark.parametrize(
    "id_creneau", ["", "x", "810000000001-0-20269999T9999", "810000000001-0-", "é-0-20261123T0900"]
)
def test_un_id_inconnu_n_est_le_creneau_de_personne(id_creneau):
    assert decoder_id(id_creneau) is None


# --- Jeu du kit ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "maintenant",
    [
        "2026-11-23T00:01+01:00",
        "2026-11-23T09:00+01:00",
        "2026-11-23T23:59+01:00",
        "2026-10-24T20:00+02:00",
        "2026-03-28T20:00+01:00",
        "2026-02-27T12:00+01:00",
    ],
)
def test_a_toute_heure_le_jeu_du_kit_a_toutes_ses_formes(maintenant):
    maintenant = dt.datetime.fromisoformat(maintenant)
    agenda = jeu_kit.AgendaDuKit()
    debut = maintenant + agenda.marge
    surlendemain = maintenant.astimezone(PARIS).date() + dt.timedelta(days=2)
    horizon = dt.datetime.combine(surlendemain, dt.time(23), PARIS)

    def libres(titulaire, rang=0):
        toute = {"debut": debut, "fin": maintenant + dt.timedelta(days=9)}
        return agenda.creneaux(titulaire, rang, maintenant=maintenant, **toute)

    for titulaire in jeu_kit.ANNUAIRE.titulaires():
        for rang in range(len(titulaire.lieux)):
            assert libres(titulaire, rang)
            assert all(debut <= c.debut < c.fin <= horizon for c in libres(titulaire, rang))
    de_a, de_b = libres(jeu_kit.A), libres(jeu_kit.B)
    assert {v for c in de_a for v in c.visibilites_en("cpts")} == {"PUBLIC", "PRO", "SNP", "CPTS"}
    assert {v for c in de_a for v in c.visibilites_en("ps")} == {"PUBLIC", "PRO", "SNP"}
    assert {a for c in de_a if c.visibilites for a in c.actes} == {"AMB", "VR", "HH"}
    assert {c.visibilites_en("cpts") for c in de_b} == {("CPTS",)}
    assert max(len(c.cpts) for c in de_b) == 2
