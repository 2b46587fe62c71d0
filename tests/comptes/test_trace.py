"""La trace : en ajout seul, chaînée, vérifiable, purgée par son début seulement."""

import hashlib
import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, connections, transaction

from comptes.actions import tracer, tracer_lecture
from comptes.lectures import relire_la_trace
from comptes.models import AncreTrace, Trace
from comptes.retention import PurgeEnCours, TraceRompue, purger_la_trace
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.django_db

ANCIEN = datetime(2024, 1, 1, 9, tzinfo=UTC)
LIMITE = datetime(2024, 3, 1, tzinfo=UTC)
MAINTENANT = datetime(2026, 3, 17, 8, tzinfo=UTC)


@pytest.fixture
def trois_lignes() -> list[int]:
    compte = CompteFactory()
    return [tracer(acteur=compte, verbe="essai", objet=f"essai:{n}", rang=n).pk for n in range(3)]


def ecrire(le: datetime, nombre: int = 1) -> list[int]:
    return [Trace.objects.create(le=le, verbe="essai", objet=f"essai:{n}").pk for n in range(nombre)]


def purger(**options):
    return purger_la_trace(**{"avant": LIMITE, "maintenant": MAINTENANT, "lot": 100} | options)


def en_douce(sql: str, *parametres: object) -> None:
    """Ce que ferait un administrateur de la base : passer outre les déclencheurs."""
    with connection.cursor() as curseur:
        curseur.execute("SET LOCAL session_replication_role = replica")
        curseur.execute(sql, parametres)
        curseur.execute("SET LOCAL session_replication_role = origin")


# --- La chaîne ---------------------------------------------------------------


def test_la_trace_entiere_se_verifie(trois_lignes, capsys):
    call_command("verifier_trace")

    assert capsys.readouterr().out == "Trace entière : 3 ligne(s).\n"


def test_la_trace_vide_se_verifie(capsys):
    call_command("verifier_trace")

    assert "0 ligne" in capsys.readouterr().out


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("UPDATE comptes_trace SET verbe = 'autre' WHERE id = %s", id="verbe"),
        pytest.param("UPDATE comptes_trace SET details = '{}' WHERE id = %s", id="détails"),
        pytest.param("UPDATE comptes_trace SET le = le - interval '1 day' WHERE id = %s", id="date"),
        pytest.param("UPDATE comptes_trace SET acteur_id = NULL WHERE id = %s", id="acteur"),
    ],
)
def test_une_ligne_modifiee_en_douce_est_designee(trois_lignes, capsys, sql):
    en_douce(sql, trois_lignes[1])

    with pytest.raises(CommandError, match="rompue"):
        call_command("verifier_trace")
    assert f"ligne {trois_lignes[1]} " in capsys.readouterr().err


def test_une_ligne_retiree_en_douce_se_voit_sur_la_suivante(trois_lignes, capsys):
    en_douce("DELETE FROM comptes_trace WHERE id = %s", trois_lignes[1])

    with pytest.raises(CommandError):
        call_command("verifier_trace")
    assert f"ligne {trois_lignes[2]} " in capsys.readouterr().err


@pytest.mark.parametrize("lot", [1, 2, 3, 100])
def test_la_relecture_par_lots_voit_la_meme_rupture(trois_lignes, lot):
    en_douce("UPDATE comptes_trace SET objet = 'autre' WHERE id = %s", trois_lignes[1])
    avancees = []

    releve, ruptures = relire_la_trace(lot=lot, avancer=avancees.append)

    assert [rupture.id for rupture in ruptures] == [trois_lignes[1]]
    assert (releve.total, releve.derniere_id) == (3, trois_lignes[2])
    assert avancees == [min(n, 3) for n in range(lot, 3 + lot, lot)]


@pytest.mark.parametrize(
    "geste",
    [
        pytest.param(lambda: Trace.objects.update(verbe="autre"), id="modifier"),
        pytest.param(lambda: Trace.objects.all().delete(), id="effacer"),
        pytest.param(lambda: connection.cursor().execute("TRUNCATE comptes_trace"), id="vider"),
    ],
)
def test_la_base_refuse_de_changer_la_trace(trois_lignes, geste):
    _sans_verification_en_attente()

    with pytest.raises(DatabaseError, match="pgtrigger"), transaction.atomic():
        geste()
    assert Trace.objects.count() == 3


def _sans_verification_en_attente() -> None:
    """PostgreSQL refuserait de lui-même, et pour une autre raison, de vider une table qui en attend."""
    connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")


# --- Le relevé gardé hors de la base -------------------------------------------


def test_une_fin_tronquee_ne_se_voit_qu_au_releve(trois_lignes, tmp_path, capsys):
    releve = tmp_path / "releve.jsonl"
    call_command("verifier_trace", releve=releve)
    en_douce("DELETE FROM comptes_trace WHERE id = %s", trois_lignes[2])

    call_command("verifier_trace")  # la chaîne seule reste entière
    with pytest.raises(CommandError, match="rompue"):
        call_command("verifier_trace", releve=releve)
    assert "1 ligne(s) de moins" in capsys.readouterr().err
    assert len(releve.read_text().splitlines()) == 1


def test_une_fin_remplacee_se_voit_au_releve(trois_lignes, tmp_path, capsys):
    releve = tmp_path / "releve.jsonl"
    call_command("verifier_trace", releve=releve)
    en_douce("DELETE FROM comptes_trace WHERE id = %s", trois_lignes[2])
    ecrire(MAINTENANT, 2)

    with pytest.raises(CommandError):
        call_command("verifier_trace", releve=releve)
    assert f"la ligne {trois_lignes[2]} du dernier relevé a disparu" in capsys.readouterr().err


def test_le_releve_se_complete_tant_que_la_trace_est_entiere(trois_lignes, tmp_path):
    releve = tmp_path / "releve.jsonl"
    call_command("verifier_trace", releve=releve)
    ecrire(MAINTENANT)

    call_command("verifier_trace", releve=releve)

    assert [json.loads(ligne)["total"] for ligne in releve.read_text().splitlines()] == [3, 4]


def test_la_purge_ne_contredit_pas_le_releve(tmp_path):
    releve = tmp_path / "releve.jsonl"
    ecrire(ANCIEN, 3)
    call_command("verifier_trace", releve=releve)
    purger(lot=2)
    call_command("verifier_trace", releve=releve)
    purger()

    call_command("verifier_trace", releve=releve)

    assert [json.loads(ligne)["total"] for ligne in releve.read_text().splitlines()] == [3, 3, 3]


@pytest.mark.parametrize("contenu", ["pas du json\n", '{"total": 3}\n', "[]\n"])
def test_un_releve_illisible_arrete_la_verification(tmp_path, contenu):
    releve = tmp_path / "releve.jsonl"
    releve.write_text(contenu)

    with pytest.raises(CommandError, match="illisible"):
        call_command("verifier_trace", releve=releve)


# --- La purge ------------------------------------------------------------------


def test_la_purge_retire_le_debut_et_la_chaine_se_verifie_depuis_l_ancre(capsys):
    anciennes, recente = ecrire(ANCIEN, 2), ecrire(LIMITE)

    ancre = purger()

    assert list(Trace.objects.values_list("pk", flat=True)) == recente
    assert (ancre.premiere_id, ancre.derniere_id) == (anciennes[0], anciennes[1])
    assert (ancre.nombre, ancre.jusqu_au, ancre.empreinte) == (2, ANCIEN, Trace.objects.get().precedente)
    call_command("verifier_trace")
    assert capsys.readouterr().out == "Trace entière : 3 ligne(s).\n"


def test_une_trace_toute_purgee_reprend_a_son_ancre():
    ecrire(ANCIEN)
    ancre = purger()

    (suivante,) = ecrire(MAINTENANT)

    assert Trace.objects.get(pk=suivante).precedente == ancre.empreinte
    assert relire_la_trace()[1] == []


@pytest.mark.parametrize(
    ("le", "purgee"),
    [
        pytest.param(LIMITE - timedelta(microseconds=1), True, id="juste avant la limite"),
        pytest.param(LIMITE, False, id="à la limite, gardée"),
        pytest.param(LIMITE + timedelta(days=1), False, id="après"),
    ],
)
def test_la_purge_s_arrete_a_la_limite(le, purgee):
    ecrire(le)

    assert (purger() is not None) is purgee


def test_une_ligne_ancienne_derriere_une_recente_attend_son_tour():
    """Seul le début se retire : sinon la chaîne aurait un trou."""
    ecrire(LIMITE)
    ecrire(ANCIEN)

    assert purger() is None
    assert Trace.objects.count() == 2


def test_purger_deux_fois_ne_fait_rien_la_seconde():
    ecrire(ANCIEN)
    purger()

    assert purger() is None
    assert AncreTrace.objects.count() == 1


def test_la_purge_avance_par_lots():
    ecrire(ANCIEN, 5)

    nombres = [ancre.nombre for ancre in iter(lambda: purger(lot=2), None)]

    assert nombres == [2, 2, 1]
    assert relire_la_trace()[0].total == 5


def test_la_base_refuse_d_effacer_une_ligne_du_milieu_meme_avec_des_ancres():
    ecrire(ANCIEN)
    purger()
    lignes = ecrire(ANCIEN, 3)

    with pytest.raises(DatabaseError, match="ne s'efface pas"), transaction.atomic():
        Trace.objects.filter(pk=lignes[1]).delete()


def test_la_base_refuse_de_purger_les_six_derniers_mois():
    ecrire(ANCIEN)
    (recente,) = ecrire(datetime.now(UTC) - timedelta(days=150))

    with pytest.raises(DatabaseError, match="six derniers mois"), transaction.atomic():
        AncreTrace.objects.create(derniere_id=recente)
    assert Trace.objects.count() == 2


def test_la_base_refuse_une_ancre_sans_ligne():
    with pytest.raises(DatabaseError, match="aucune ligne"), transaction.atomic():
        AncreTrace.objects.create(derniere_id=12)


@pytest.mark.parametrize(
    "geste",
    [
        pytest.param(lambda: AncreTrace.objects.update(nombre=0), id="modifier"),
        pytest.param(lambda: AncreTrace.objects.all().delete(), id="effacer"),
        pytest.param(lambda: connection.cursor().execute("TRUNCATE comptes_ancretrace"), id="vider"),
    ],
)
def test_la_base_refuse_de_changer_une_ancre(geste):
    ecrire(ANCIEN)
    purger()
    _sans_verification_en_attente()

    with pytest.raises(DatabaseError, match="pgtrigger"), transaction.atomic():
        geste()


def test_une_trace_alteree_ne_se_purge_pas():
    lignes = ecrire(ANCIEN, 2)
    en_douce("UPDATE comptes_trace SET verbe = 'autre' WHERE id = %s", lignes[0])

    with pytest.raises(TraceRompue, match=str(lignes[0])):
        purger()
    assert Trace.objects.count() == 2


# --- Les archives --------------------------------------------------------------


@pytest.fixture
def archive(tmp_path):
    """Deux lignes archivées puis purgées ; rend le fichier."""
    compte = CompteFactory()
    Trace.objects.create(le=ANCIEN, acteur=compte, verbe="essai", objet="essai:é", details={"a": ["é", 1]})
    Trace.objects.create(le=ANCIEN, verbe="essai", objet="essai:2")
    purger(dossier=tmp_path)
    (fichier,) = tmp_path.iterdir()
    return fichier


def test_les_lignes_purgees_se_verifient_dans_leur_archive(archive):
    lignes = [json.loads(ligne) for ligne in archive.read_text().splitlines()]

    assert [ligne["objet"] for ligne in lignes] == ["essai:é", "essai:2"]
    assert lignes[0]["le"] == "2024-01-01T09:00:00.000000Z"
    assert archive.stat().st_mode & 0o077 == 0
    call_command("verifier_trace", archives=archive.parent)


@pytest.mark.parametrize(
    ("geste", "faute"),
    [
        pytest.param(lambda f: f.unlink(), "archive absente", id="absente"),
        pytest.param(
            lambda f: f.write_text(f.read_text().replace("essai", "autre")), "modifiée", id="changée"
        ),
        pytest.param(lambda f: f.write_text(f.read_text().splitlines()[0] + "\n"), "modifiée", id="tronquée"),
    ],
)
def test_une_archive_changee_se_voit(archive, capsys, geste, faute):
    geste(archive)

    with pytest.raises(CommandError, match="rompue"):
        call_command("verifier_trace", archives=archive.parent)
    assert faute in capsys.readouterr().err


def test_une_archive_refaite_apres_coup_ne_s_accorde_pas_a_l_ancre(archive, capsys):
    """Même avec une empreinte de fichier forgée dans la base, la chaîne des lignes ne ment pas."""
    archive.write_text(archive.read_text().replace('"verbe": "essai"', '"verbe": "autre"'))
    en_douce("UPDATE comptes_ancretrace SET archive = %s", hashlib.sha256(archive.read_bytes()).hexdigest())

    with pytest.raises(CommandError):
        call_command("verifier_trace", archives=archive.parent)
    assert "chaîne rompue" in capsys.readouterr().err


# --- À plusieurs ---------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_une_ligne_ecrite_pendant_la_purge_s_accroche_apres_elle():
    ecrire(ANCIEN, 2)
    purge_faite, ecriture_lancee = threading.Event(), threading.Event()
    fautes = []

    def ecrire_a_cote():
        try:
            purge_faite.wait(60)
            ecriture_lancee.set()
            ecrire(MAINTENANT)  # attend la fin de la transaction de la purge
        except Exception as erreur:
            fautes.append(erreur)
        finally:
            connections.close_all()

    fil = threading.Thread(target=ecrire_a_cote)
    fil.start()
    with transaction.atomic():
        ancre = purger()
        purge_faite.set()
        assert ecriture_lancee.wait(60)
    fil.join(60)

    assert fautes == []
    assert Trace.objects.get().precedente == ancre.empreinte
    assert relire_la_trace()[1] == []


@pytest.mark.django_db(transaction=True)
def test_deux_purges_ne_se_croisent_pas():
    ecrire(ANCIEN, 2)
    refus = []

    def purger_a_cote():
        try:
            purger()
        except PurgeEnCours as erreur:
            refus.append(erreur)
        finally:
            connections.close_all()

    with transaction.atomic():
        purger(lot=1)
        fil = threading.Thread(target=purger_a_cote)
        fil.start()
        fil.join(60)

    assert len(refus) == 1
    assert Trace.objects.count() == 1


# --- Les lectures --------------------------------------------------------------


def test_lire_la_fiche_d_autrui_s_ecrit_la_sienne_non():
    moi, autre = CompteFactory.create_batch(2)

    tracer_lecture(acteur=moi, verbe="compte.lu", objet=f"compte:{moi.pk}")
    tracer_lecture(acteur=moi, verbe="agenda.lu", objet="lieu:3", est_le_sien=True)
    tracer_lecture(acteur=moi, verbe="compte.lu", objet=f"compte:{autre.pk}")

    assert list(Trace.objects.values_list("acteur", "objet")) == [(moi.pk, f"compte:{autre.pk}")]
