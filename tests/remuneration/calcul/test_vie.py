"""La vie d’un calcul : interrompu, à deux, clos, rectifié."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from threading import Barrier, Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import ProtectedError

from comptes.models import Trace
from orientation.models import Orientation
from remuneration.calcul import (
    BaremeRefuse,
    CalculClos,
    CalculEnCours,
    ClotureRefusee,
    RectificationRefusee,
    avancer,
    calculer,
    clore,
    differences,
    etapes,
    ouvrir,
    rectifier,
)
from remuneration.enums import Etape, Prestation
from remuneration.models import Acte, Calcul, Decompte, Regle
from remuneration.tasks import calculer_etape, calculer_periodes_ouvertes
from sas_platform.socle.verrous import prendre_verrou
from tests.comptes.factories import CompteFactory
from tests.remuneration.calcul.monde import PARIS, dire, medecin, orienter, sas_ouvert

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("regles_semees")]
APRES = datetime(2025, 10, 15, tzinfo=UTC)


def cinq_patients():
    sas_ouvert()
    cabinet = medecin()
    return [orienter(cabinet, datetime(2025, 7, 8, heure, tzinfo=PARIS)) for heure in range(9, 14)]


def instantane(calcul):
    """Tout ce que le calcul a écrit, sans les clés."""
    actes = Acte.objects.filter(calcul=calcul).order_by("source", "numero")
    decomptes = Decompte.objects.filter(calcul=calcul).order_by("prestation", "pk")
    return [
        [
            {n: v for n, v in ligne.__dict__.items() if n not in ("_state", "id", "calcul_id")}
            for ligne in lignes
        ]
        for lignes in (actes, decomptes)
    ]


def clos():
    cinq_patients()
    calcul = calculer(ouvrir("2025T3"), APRES)
    return clore(calcul, par=CompteFactory(), maintenant=APRES)


@pytest.mark.parametrize("etape", ["_relever_les_actes", "_etablir_les_decomptes", "_verifier"])
def test_un_calcul_tue_en_route_reprend_et_dit_la_meme_chose(etape, monkeypatch):
    cinq_patients()
    temoin = calculer(ouvrir("2025T3"), APRES)
    attendu = instantane(temoin)
    Acte.objects.all().delete()
    Decompte.objects.all().delete()
    Calcul.objects.update(etape=Etape.A_FAIRE)
    vrai = getattr(etapes, etape)

    def tue(calcul):
        vrai(calcul)
        raise SystemExit

    monkeypatch.setattr(etapes, etape, tue)
    with pytest.raises(SystemExit):
        calculer(ouvrir("2025T3"), APRES)
    monkeypatch.setattr(etapes, etape, vrai)
    repris = calculer(ouvrir("2025T3"), APRES + timedelta(hours=1))

    assert instantane(repris) == attendu
    assert repris.etape == Etape.FAIT


def test_un_calcul_repris_garde_l_instant_de_ses_faits():
    orientations = cinq_patients()
    calcul = avancer(ouvrir("2025T3").pk, APRES)
    dire(orientations[0], "pas_venu", le=APRES + timedelta(minutes=5))

    calcul = calculer(calcul, APRES + timedelta(hours=1))

    assert calcul.arrete_le == APRES
    assert Decompte.objects.get(prestation=Prestation.ACTIVITE).nombre == 5


def test_un_calcul_abandonne_la_veille_recommence():
    orientations = cinq_patients()
    avancer(ouvrir("2025T3").pk, APRES)
    dire(orientations[0], "pas_venu", le=APRES + timedelta(minutes=5))

    calcul = calculer(ouvrir("2025T3"), APRES + timedelta(days=2))

    assert calcul.arrete_le == APRES + timedelta(days=2)
    assert Decompte.objects.get(prestation=Prestation.ACTIVITE).nombre == 4


@pytest.mark.django_db(transaction=True)
def test_deux_calculs_a_la_fois_n_en_font_qu_un(regles_semees):
    """Le premier tient le verrou pendant que l’autre essaie : refusé, et rien n’est écrit deux fois."""
    cinq_patients()
    calcul = ouvrir("2025T3")
    tenu, essaye = Barrier(2, timeout=20), Barrier(2, timeout=20)
    refus = []

    def second():
        tenu.wait()
        try:
            calculer(calcul, APRES)
        except CalculEnCours as erreur:
            refus.append(str(erreur))
        finally:
            connection.close()
            essaye.wait()

    fil = Thread(target=second)
    fil.start()
    with transaction.atomic():
        assert prendre_verrou(f"remuneration.calcul:{calcul.pk}")
        tenu.wait()
        essaye.wait()
    fil.join()
    calculer(calcul, APRES)

    assert refus == ["Un calcul de cette période est déjà en cours."]
    assert (Acte.objects.count(), Decompte.objects.filter(prestation=Prestation.ACTIVITE).count()) == (5, 1)


def test_une_periode_close_ne_se_recalcule_pas():
    calcul = clos()

    with pytest.raises(CalculClos):
        ouvrir("2025T3")
    with pytest.raises(CalculClos):
        calculer(calcul, APRES)


@pytest.mark.parametrize(
    "geste",
    [
        pytest.param(lambda: Decompte.objects.update(montant=999), id="changer un montant"),
        pytest.param(lambda: Decompte.objects.all().delete(), id="effacer les décomptes"),
        pytest.param(lambda: Acte.objects.update(motif="compte"), id="changer un motif"),
        pytest.param(lambda: Acte.objects.first().delete(), id="effacer un acte"),
        pytest.param(lambda: Calcul.objects.update(etape=Etape.FAIT, clos_le=None), id="rouvrir"),
        pytest.param(lambda: Calcul.objects.update(arrete_le=APRES + timedelta(1)), id="redater"),
        pytest.param(lambda: brut("UPDATE remuneration_decompte SET montant = 999"), id="SQL, montant"),
        pytest.param(lambda: brut("DELETE FROM remuneration_acte"), id="SQL, effacer"),
        pytest.param(
            lambda: brut(
                "INSERT INTO remuneration_acte (calcul_id, source, numero, effecteur_id, orientee_le, debut, jour, semaine,"
                " type, issue, motif, majorations) SELECT calcul_id, source, 0, effecteur_id, orientee_le, debut, jour,"
                " semaine, type, issue, motif, majorations FROM remuneration_acte LIMIT 1"
            ),
            id="SQL, ajouter",
        ),
        pytest.param(lambda: brut("TRUNCATE remuneration_acte"), id="SQL, vider"),
        pytest.param(lambda: brut("DELETE FROM remuneration_calcul_regles"), id="SQL, ôter les règles"),
        pytest.param(lambda: Calcul.objects.get().regles.clear(), id="ôter les règles"),
        pytest.param(lambda: Calcul.objects.get().regles.add(autre_regle()), id="ajouter une règle"),
    ],
)  # fmt: skip
def test_rien_d_un_calcul_clos_ne_change(geste):
    calcul = clos()
    avant = instantane(calcul), set(calcul.regles.values_list("pk", flat=True))

    with pytest.raises((DatabaseError, ProtectedError)), transaction.atomic():
        geste()

    calcul.refresh_from_db()
    assert (instantane(calcul), set(calcul.regles.values_list("pk", flat=True))) == avant
    assert calcul.etape == Etape.CLOS


def brut(sql):
    with connection.cursor() as curseur:
        curseur.execute(sql)


def autre_regle():
    return Regle.objects.get(prestation=Prestation.PILOTE)


def test_un_calcul_ouvert_reste_libre_quand_un_autre_est_clos():
    clos()
    ouvert = calculer(ouvrir("2025T2"), APRES)

    Decompte.objects.filter(calcul=ouvert).delete()
    ouvert.regles.clear()

    assert not ouvert.regles.exists()


@pytest.mark.parametrize(
    ("maintenant", "raison"),
    [
        pytest.param(datetime(2025, 9, 30, 12, tzinfo=UTC), "avant la fin", id="trimestre en cours"),
        pytest.param(datetime(2025, 10, 1, 9, 59, tzinfo=UTC), "avant la fin", id="encore le 30 à Tahiti"),
        pytest.param(datetime(2025, 10, 1, 10, 0, tzinfo=UTC), None, id="fini à Tahiti"),
    ],
)
def test_on_ne_clot_qu_une_periode_finie_partout(maintenant, raison):
    cinq_patients()
    calcul = calculer(ouvrir("2025T3"), maintenant)

    if raison is None:
        assert clore(calcul, par=CompteFactory(), maintenant=APRES).etape == Etape.CLOS
        assert Trace.objects.filter(verbe="remuneration.close", objet=f"calcul:{calcul.pk}").exists()
    else:
        with pytest.raises(ClotureRefusee, match=raison):
            clore(calcul, par=CompteFactory(), maintenant=APRES)


def test_on_ne_clot_pas_un_calcul_inacheve():
    with pytest.raises(ClotureRefusee, match="pas achevé"):
        clore(ouvrir("2025T3"), par=CompteFactory(), maintenant=APRES)


def test_une_issue_tardive_va_a_un_rectificatif_qui_dit_ses_differences():
    calcul = clos()
    tardive = Orientation.objects.order_by("debut").first()
    dire(tardive, "pas_venu", le=APRES + timedelta(days=3))
    avant = instantane(calcul)

    rectificatif = rectifier(
        calcul.periode, motif="Absence dite après la clôture", par=CompteFactory(), maintenant=APRES
    )
    calculer(rectificatif, APRES + timedelta(days=4))

    activite, snp = differences(rectificatif)
    assert (rectificatif.version, instantane(calcul)) == (2, avant)
    assert (activite.nombre, activite.montant, snp.montant) == (-1, -70, -15)
    assert activite.phrase.replace("\u00a0", " ") == (
        "Forfait trimestriel d’activité (indicateur 9) : 5 → 4, 70 € → 0 €."
    )
    assert differences(calcul) == []


def test_un_rectificatif_garde_les_regles_de_la_premiere_version():
    calcul = clos()
    premieres = set(calcul.regles.all())

    rectificatif = calculer(
        rectifier(calcul.periode, motif="Essai", par=CompteFactory(), maintenant=APRES), APRES
    )

    assert set(rectificatif.regles.all()) == premieres
    assert differences(rectificatif) == []


def test_on_ne_rectifie_que_ce_qui_est_clos_et_avec_un_motif():
    cinq_patients()
    ouvert = calculer(ouvrir("2025T3"), APRES)
    par = CompteFactory()

    with pytest.raises(RectificationRefusee, match="pas close"):
        rectifier(ouvert.periode, motif="Essai", par=par, maintenant=APRES)
    clore(ouvert, par=par, maintenant=APRES)
    with pytest.raises(RectificationRefusee, match="motif"):
        rectifier(ouvert.periode, motif=" ", par=par, maintenant=APRES)
    rectifier(ouvert.periode, motif="Essai", par=par, maintenant=APRES)
    with pytest.raises(RectificationRefusee, match="déjà ouvert"):
        rectifier(ouvert.periode, motif="Essai", par=par, maintenant=APRES)


def test_deux_calculs_ouverts_d_une_periode_sont_refuses_par_la_base():
    premier = ouvrir("2025T3")

    with pytest.raises(IntegrityError), transaction.atomic():
        Calcul.objects.create(periode=premier.periode, version=2, motif="Essai")


def test_la_commande_simule_par_defaut():
    cinq_patients()
    sortie, erreurs = StringIO(), StringIO()

    call_command("calculer_periode", "2025T3", stdout=sortie, stderr=erreurs)

    assert not Calcul.objects.exists()
    assert sortie.getvalue().startswith("Simulation : 3e trimestre 2025, version 1, 5 actes dont 5 comptés, ")
    assert "décomptes établis" in erreurs.getvalue()


def test_la_commande_ecrit_et_se_rejoue():
    cinq_patients()
    for _ in range(2):
        sortie = StringIO()
        call_command("calculer_periode", "2025T3", ecrire=True, stdout=sortie, stderr=StringIO())

    assert Acte.objects.count() == 5
    assert "145.00 €" in sortie.getvalue()


@pytest.mark.parametrize(
    ("code", "message"), [("2026T9", "n’est ni un trimestre"), ("2019T1", "aucune règle n’y est en vigueur")]
)
def test_la_commande_refuse_en_clair(code, message):
    with pytest.raises(CommandError, match=message):
        call_command("calculer_periode", code, stderr=StringIO())


def test_chaque_nuit_le_trimestre_l_annee_et_ce_qui_n_est_pas_clos(horloge, monkeypatch):
    horloge.move_to(datetime(2025, 10, 15, tzinfo=UTC))
    cinq_patients()
    ouvrir("2025T3")
    a_faire = []
    monkeypatch.setattr(calculer_etape, "delay", lambda *, calcul_id: a_faire.append(calcul_id))

    assert calculer_periodes_ouvertes() == 3
    faits = [calculer_etape(calcul_id=a_faire.pop(0)) for _ in range(9)]

    assert sum(faits) == 3
    assert a_faire == []
    assert set(Calcul.objects.values_list("periode__code", "etape")) == {
        ("2025T3", Etape.FAIT), ("2025T4", Etape.FAIT), ("2025", Etape.FAIT),
    }  # fmt: skip


def test_une_tache_en_trop_ne_fait_rien():
    calcul = clos()

    assert calculer_etape(calcul_id=calcul.pk) is False


def test_une_regle_qui_manque_n_arrete_pas_les_autres_nuits(monkeypatch):
    monkeypatch.setattr(etapes, "regles_pour", _refuser)

    assert calculer_etape(calcul_id=ouvrir("2025T3").pk) is False


def _refuser(periode):
    raise BaremeRefuse("il manque une règle")
