"""Les durées de conservation : ce qui part, à quel jour, ce qui reste, et la preuve laissée."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.models import ProtectedError

from comptes.models import AncreTrace, Courriel, Lien, Trace
from sas_platform import tasks
from sas_platform.conservation import REGLES, SANS_TERME, executer
from sas_platform.conservation.moteur import par_lots
from sas_platform.conservation.regles import effacer
from sas_platform.socle.durees import Duree
from tests.sas_platform.echeances import CREER, MAINTENANT, VIEUX, passer

pytestmark = pytest.mark.django_db

# Premier instant gardé, avec les durées d’origine, un 17 mars à Paris.
LIMITES = {
    "12 mois": datetime(2025, 3, 16, 23, tzinfo=UTC),
    "36 mois": datetime(2023, 3, 16, 23, tzinfo=UTC),
    "24 mois": datetime(2024, 3, 16, 23, tzinfo=UTC),
    "6 mois": datetime(2025, 9, 16, 22, tzinfo=UTC),  # heure d’été
    "30 jours": datetime(2026, 2, 14, 23, tzinfo=UTC),
    "3 jours": datetime(2026, 3, 13, 23, tzinfo=UTC),
}


@pytest.mark.parametrize("nom", REGLES)
def test_le_terme_est_au_jour_pres_et_le_second_passage_ne_fait_rien(nom):
    limite = LIMITES[REGLES[nom].duree]
    CREER[nom](limite - timedelta(microseconds=1))
    CREER[nom](limite)

    assert REGLES[nom].limite(MAINTENANT) == limite
    assert REGLES[nom].echues(limite).count() == 1
    assert passer(nom) == 1
    assert REGLES[nom].echues(limite).count() == 0
    assert passer(nom) == 0


def test_chaque_regle_a_sa_duree_et_chaque_duree_sa_regle(settings):
    assert set(REGLES) == set(settings.CONSERVATION) == set(CREER)
    assert all(regle.reference for regle in REGLES.values())


def test_chaque_modele_a_un_terme_ou_une_raison_de_n_en_pas_avoir():
    """Un modèle de plus : lui donner une règle, ou dire dans SANS_TERME pourquoi il se garde."""
    applications = (
        "comptes",
        "annuaire",
        "participation",
        "agenda",
        "orientation",
        "remuneration",
        "assistance",
    )
    modeles = {m._meta.label for nom in applications for m in apps.get_app_config(nom).get_models()}
    regles = {regle.echues(MAINTENANT).model._meta.label for regle in REGLES.values()}
    gardes = {label for labels in SANS_TERME.values() for label in labels}

    assert modeles - regles - gardes == set()
    assert gardes & regles == set()


def test_la_duree_reglee_est_celle_qui_s_applique(settings):
    settings.CONSERVATION = settings.CONSERVATION | {
        "liens": settings.CONSERVATION["liens"]._replace(duree=Duree.lire("2 mois"))
    }
    CREER["liens"](MAINTENANT - timedelta(days=45))

    assert passer("liens") == 0


# --- La trace, et la preuve -------------------------------------------------------


def test_chaque_passage_laisse_une_ligne_dans_la_trace():
    CREER["liens"](VIEUX)
    passer("liens")
    passer("liens")

    lignes = Trace.objects.filter(verbe="donnees.purgees").order_by("pk")

    assert [(ligne.objet, ligne.details["nombre"]) for ligne in lignes] == [
        ("conservation:liens", 1),
        ("conservation:liens", 0),
    ]
    assert lignes[0].details["limite"] == "2026-02-15T00:00:00+01:00"


def test_un_passage_interrompu_garde_ses_lots_faits_et_reprend(monkeypatch):
    for jour in range(3):
        CREER["liens"](VIEUX + timedelta(days=jour))
    regle = REGLES["liens"]
    monkeypatch.setitem(
        REGLES,
        "liens",
        replace(regle, passer=par_lots(regle.echues, effacer, lot=1)),
    )

    assert executer(REGLES["liens"], maintenant=MAINTENANT, lots_max=2) == (2, False)
    assert executer(REGLES["liens"], maintenant=MAINTENANT, lots_max=2) == (1, True)
    lignes = Trace.objects.filter(verbe="donnees.purgees").order_by("pk")
    assert [ligne.details["nombre"] for ligne in lignes] == [1, 1, 1]


@pytest.mark.parametrize("nom", ["liens", "demandes", "comptes"])
def test_rien_ne_part_sans_sa_ligne_de_trace(nom, monkeypatch):
    """L’un et l’autre vont ensemble : arrêté entre les deux, le passage se reprend."""

    def arreter(**_ligne: object) -> None:
        raise KeyboardInterrupt

    limite = REGLES[nom].limite(MAINTENANT)
    CREER[nom](limite - timedelta(days=1))
    monkeypatch.setattr("sas_platform.conservation.moteur.tracer", arreter)

    with pytest.raises(KeyboardInterrupt):
        passer(nom)

    assert REGLES[nom].echues(limite).count() == 1


def test_la_trace_se_purge_et_se_verifie_encore(tmp_path, capsys):
    CREER["trace"](VIEUX)
    passer("trace", archives=tmp_path)

    call_command("verifier_trace", archives=tmp_path)

    assert AncreTrace.objects.get().nombre == 1
    (archive,) = tmp_path.iterdir()
    assert json.loads(archive.read_text())["verbe"] == "connexion"


# --- La commande et la tâche --------------------------------------------------------


def test_la_simulation_compte_sans_rien_effacer(horloge, capsys):
    CREER["liens"](VIEUX)
    CREER["orientations"](VIEUX)

    call_command("purger")

    sortie = capsys.readouterr().out.splitlines()
    assert Lien.objects.count() == 1
    assert not Trace.objects.exists()
    assert sortie[-1] == "Simulation : 2 effacement(s), 0 anonymisation(s), 1 pseudonymisation(s)"
    (liens,) = [ligne for ligne in sortie if ligne.startswith("liens ")]
    assert "avant le 15/02/2026 (30 jours)" in liens
    assert "RGPD, article 5 § 1 c" in liens
    assert len(sortie) == len(REGLES) + 1


def test_la_commande_efface_une_seule_regle_sur_demande(horloge, capsys):
    CREER["liens"](VIEUX)
    CREER["courriels"](VIEUX)

    call_command("purger", ecrire=True, seulement=["liens"])

    sortie = capsys.readouterr()
    assert (Lien.objects.count(), Courriel.objects.count()) == (0, 1)
    assert sortie.out.splitlines()[-1].startswith("Écrit : 1 effacement(s)")
    assert "liens : 1 ligne(s)" in sortie.err


def test_une_regle_en_panne_n_arrete_pas_les_autres_mais_la_commande_echoue(horloge, monkeypatch, capsys):
    def en_panne(passage):
        raise ProtectedError("encore désigné", set())

    monkeypatch.setitem(REGLES, "liens", replace(REGLES["liens"], passer=en_panne))
    CREER["courriels"](VIEUX)

    with pytest.raises(CommandError, match="règle\\(s\\) en échec : liens"):
        call_command("purger", ecrire=True, seulement=["liens", "courriels"])
    assert not Courriel.objects.exists()
    assert "encore désigné" in capsys.readouterr().err


def test_un_dossier_d_archives_absent_arrete_tout(tmp_path):
    with pytest.raises(CommandError, match="introuvable"):
        call_command("purger", archive=tmp_path / "absent")


def test_la_tache_de_nuit_applique_chaque_regle_jusqu_au_bout(horloge, monkeypatch):
    monkeypatch.setattr(tasks, "LOTS_PAR_PASSAGE", 1)
    CREER["liens"](VIEUX)
    CREER["trace"](VIEUX)

    assert tasks.purger() == len(REGLES)

    assert not Lien.objects.exists()
    assert AncreTrace.objects.count() == 1
