"""L’interrogation de tous les praticiens raccordés, comparée à la seule lecture des mêmes réponses."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec
from django.db import connection
from django.utils import timezone

from agenda.editeurs.memoire import demandes_par_lot
from agenda.editeurs.raccordements import raccorder
from agenda.models import AgendaEditeur, Editeur, Lot, Raccordement
from annuaire.models import Effecteur, LieuExercice
from sas_platform.socle.iterables import par_lots
from tests.mesures.editeur_local import HOTE_DE_RESERVATION, PraticienLocal
from tests.mesures.lignes import Budget, Ligne, dire
from tests.mesures.reglages import Reglages
from tests.mesures.serveur import DELAI_S, HOTE, RACINE, environnement, port_libre

PROCESSUS = 2
PART = 10  # un praticien sur dix change d’un cycle à l’autre
CRENEAUX = 27  # par praticien : un million et demi à l’échelle nationale
TABLES = ("agenda_agendaediteur", "agenda_cartelieu", "agenda_offrelieu", "agenda_raccordement")
SANS_LIMITE = 100_000_000
_DELAI_DE_PREPARATION_S = 300


def cycle_interrogation(reglages: Reglages) -> Iterator[Ligne]:
    """Deux cycles d’abord, non comptés : les agendas se mettent à jour, les tables prennent leur régime.

    Un dernier, sans changement, n’écrit rien. Les cycles se suivent ici sans
    pause : `entretenir` fait entre eux ce que l’autovacuum fait en cinq minutes.
    """
    cycles: list[dict[str, Any]] = []
    planchers: list[dict[str, Any]] = []
    with atelier() as un:
        dire(f"premier cycle : {un.cycle()['lus']} agendas")
        entretenir("FULL")
        cycle_verifie(un, reglages.cycles)
        entretenir()
        taille, avant = taille_des_tables(), ecritures()
        limite = time.monotonic() + reglages.cycles_s
        for rang in range(reglages.cycles):
            if rang >= 2 and time.monotonic() > limite:
                break
            planchers.append(un.plancher())
            cycles.append(cycle_verifie(un, rang))
            entretenir()
            duree_s, lecture_s = cycles[-1]["duree_s"], planchers[-1]["duree_s"]
            dire(f"cycle {rang + 1} : {duree_s:.2f} s, lecture seule {lecture_s:.2f} s")
        apres, croissance = ecritures(), (taille_des_tables() / taille - 1) * 100
        inchange = un.cycle()["duree_s"]
        oisif = ecritures()
    yield Ligne(
        "cycle_interrogation",
        _mediane(cycles, "duree_s"),
        "s",
        n=len(cycles),
        plancher=_mediane(planchers, "duree_s"),
        budget=Budget(ratio_max=2.0),
    )
    # Le temps de processeur des deux interrogateurs seuls : il dépend moins de ce que fait d’autre la machine.
    yield Ligne(
        "cycle_processeur",
        _mediane(cycles, "processeur_ms") / 1000,
        "s",
        n=len(cycles),
        plancher=_mediane(planchers, "processeur_ms") / 1000,
    )
    yield Ligne("cycle_sans_changement", inchange, "s", n=1, plancher=_mediane(planchers, "duree_s"))
    yield Ligne(
        "ecritures_inchangees",
        oisif["lignes"] - apres["lignes"],
        "lignes",
        n=un.agendas,
        budget=Budget(max=0),
    )
    mises_a_jour = apres["majs"] - avant["majs"]
    yield Ligne(
        "hot_pourcent",
        100 * (apres["hot"] - avant["hot"]) / max(1, mises_a_jour),
        "%",
        n=mises_a_jour,
        budget=Budget(min=95),
    )
    yield Ligne("croissance_pourcent", croissance, "%", n=len(cycles), budget=Budget(max=5))


def _mediane(rendus: Sequence[Mapping[str, Any]], quoi: str) -> float:
    return statistics.median(float(rendu[quoi]) for rendu in rendus)


def cycle_verifie(un: Atelier, rang: int) -> dict[str, Any]:
    """Compte rendu d’un cycle où un agenda sur dix a changé ; tous ceux-là, et eux seuls, sont vus changés."""
    changes = un.changer(rang)
    rendu = un.cycle()
    if rendu["changes"] != changes:
        raise AssertionError(f"{changes} agendas changés chez l’éditeur, {rendu['changes']} vus")
    return rendu


def entretenir(option: str = "") -> None:
    with connection.cursor() as curseur:
        for table in TABLES:
            curseur.execute(f"VACUUM {option} {table}")


@contextmanager
def atelier(lots_max: int | None = None) -> Iterator[Atelier]:
    """Un éditeur local, les praticiens raccordés à lui, et les processus qui l’interrogent.

    `lots_max` : de chacun d’eux ; sans lui, tous les praticiens.
    """
    port = port_libre()
    _raccorder(f"http://{HOTE}:{port}/fhir")
    parts = _partager(lots_max)
    praticiens = _praticiens([lot for part in parts for lots in part.values() for lot in lots])
    dire(f"éditeur local : {len(praticiens)} praticiens, {CRENEAUX} créneaux chacun")
    with ExitStack() as pile:
        dossier = Path(pile.enter_context(tempfile.TemporaryDirectory(prefix="sas-mesures-")))
        fichier = dossier / "praticiens.json"
        fichier.write_bytes(msgspec.json.encode(praticiens))
        pile.enter_context(lance("tests.mesures.editeur_local", str(port), str(fichier)))
        un = Atelier(port, len(praticiens), parts)
        un.attendre()
        un.processus = [pile.enter_context(lance("tests.mesures.interrogation")) for _ in range(PROCESSUS)]
        yield un


class Atelier:
    def __init__(self, port: int, agendas: int, parts: Sequence[dict[int, list[int]]]) -> None:
        self.agendas = agendas
        self.parts = parts
        self.memoire_ko = 0  # des processus, à la fin du dernier cycle
        self.processus: list[subprocess.Popen[str]] = []
        self._port = port

    def cycle(self) -> dict[str, Any]:
        """Un cycle complet ; la durée est celle du processus le plus lent."""
        rendus = self._ordonner("cycle")
        etats = {nom for rendu in rendus for nom in (*rendu["lots"], *rendu["reportes"])}
        if etats != {"reussi"}:
            raise AssertionError(f"des lots n’ont pas été lus : {etats}")
        cumul = _cumuler(rendus)
        self.memoire_ko = cumul["memoire_ko"]
        return cumul

    def plancher(self) -> dict[str, Any]:
        return _cumuler(self._ordonner("plancher"))

    def changer(self, rang: int) -> int:
        return int(self._poster(f"/changer/{rang % PART}/{PART}"))

    def attendre(self) -> None:
        limite = time.monotonic() + _DELAI_DE_PREPARATION_S
        while True:
            try:
                self._poster(f"/changer/0/{SANS_LIMITE}")
            except OSError:
                if time.monotonic() > limite:
                    raise
                time.sleep(0.2)
            else:
                return

    def _ordonner(self, quoi: str) -> list[dict[str, Any]]:
        for processus, lots in zip(self.processus, self.parts, strict=True):
            assert processus.stdin is not None
            processus.stdin.write(json.dumps({"quoi": quoi, "lots": lots}) + "\n")
            processus.stdin.flush()
        return [json.loads(processus.stdout.readline()) for processus in self.processus if processus.stdout]

    def _poster(self, chemin: str) -> str:
        requete = urllib.request.Request(f"http://{HOTE}:{self._port}{chemin}", method="POST")
        with urllib.request.urlopen(requete, timeout=30) as reponse:
            return str(reponse.read().decode())


@contextmanager
def lance(module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    processus = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=RACINE,
        env=environnement(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield processus
    finally:
        processus.terminate()
        processus.wait(timeout=DELAI_S)


def _cumuler(rendus: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    sommes = {
        nom: sum(r[nom] for r in rendus) for nom, valeur in rendus[0].items() if isinstance(valeur, int)
    }
    return sommes | {"duree_s": max(rendu["duree_s"] for rendu in rendus)}


def _raccorder(url: str) -> None:
    """Dirige tous les éditeurs vers l’éditeur local ; en raccorde si l’échelle n’en a pas.

    Les appels simultanés d’un éditeur sont comptés entre processus : chacun a les siens.
    """
    if not Raccordement.objects.exists():
        effecteurs = Effecteur.objects.filter(est_actif=True).order_by("pk").values_list("pk", flat=True)
        for rang in range(PROCESSUS):
            editeur = Editeur.objects.create(code=f"mesures-{rang}", nom=f"Éditeur {rang}", url_base=url)
            raccorder(editeur, effecteurs[rang::PROCESSUS], timezone.now())
    Editeur.objects.update(
        url_base=url,
        hotes_reservation=[HOTE_DE_RESERVATION],
        requetes_par_heure=SANS_LIMITE,
        est_actif=True,
    )


def _partager(lots_max: int | None) -> list[dict[int, list[int]]]:
    """Lots de chaque processus, par éditeur ; un éditeur n’est que d’un processus, les parts sont égales."""
    par_editeur: dict[int, list[int]] = {}
    for lot, editeur in Lot.objects.order_by("editeur", "numero").values_list("pk", "editeur"):
        par_editeur.setdefault(editeur, []).append(lot)
    parts: list[dict[int, list[int]]] = [{} for _ in range(PROCESSUS)]
    for editeur, lots in sorted(par_editeur.items(), key=lambda paire: -len(paire[1])):
        moins_chargee = min(parts, key=lambda part: sum(map(len, part.values())))
        place = None if lots_max is None else lots_max - sum(map(len, moins_chargee.values()))
        moins_chargee[editeur] = lots[:place]
    return parts


def _praticiens(lots: Sequence[int]) -> list[PraticienLocal]:
    """Ceux que ces lots demandent, chacun au lieu où il a déjà un agenda, sinon à son premier lieu."""
    demandes = demandes_par_lot(lots)
    interroges = {identifiant for demande in demandes.values() for identifiant in demande.memoires}
    raccordes = Raccordement.objects.filter(lot__in=lots).order_by("pk")
    lieux = dict(AgendaEditeur.objects.order_by("-pk").values_list("raccordement__effecteur", "lieu"))
    praticiens = []
    for lot in par_lots(raccordes.values_list("effecteur", "effecteur__identifiant_national"), 5000):
        identifiants = dict(lot)
        connus = LieuExercice.objects.filter(effecteur__in=identifiants, est_actif=True)
        adresses: dict[int, tuple[str, str, str]] = {}
        for pk, effecteur, ligne, ville, code_postal in connus.order_by("pk").values_list(
            "pk", "effecteur", "adresse", "commune__nom", "code_postal"
        ):
            if lieux.get(effecteur, pk) == pk:
                adresses.setdefault(effecteur, (ligne, ville, code_postal))
        praticiens += [
            PraticienLocal(identifiants[effecteur], *adresse, creneaux=CRENEAUX)
            for effecteur, adresse in adresses.items()
            if identifiants[effecteur] in interroges
        ]
    return praticiens


def ecritures() -> dict[str, int]:
    """Compteurs des tables qu’un agenda changé touche. L’attente laisse les processus les publier."""
    time.sleep(1.5)
    with connection.cursor() as curseur:
        curseur.execute("SELECT pg_stat_clear_snapshot()")
        curseur.execute(
            """
            SELECT sum(n_tup_ins + n_tup_upd + n_tup_del), sum(n_tup_upd), sum(n_tup_hot_upd)
            FROM pg_stat_user_tables WHERE relname = ANY(%s)
            """,
            [list(TABLES)],
        )
        lignes, majs, hot = curseur.fetchone()
    return {"lignes": int(lignes), "majs": int(majs), "hot": int(hot)}


def taille_des_tables() -> int:
    """Octets de ces tables, index et documents compris."""
    with connection.cursor() as curseur:
        curseur.execute(
            "SELECT sum(pg_total_relation_size(nom::regclass)) FROM unnest(%s::text[]) nom", [list(TABLES)]
        )
        return int(curseur.fetchone()[0])
