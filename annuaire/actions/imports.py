"""Ce que partagent les imports de référentiels : bilan, lignes écartées, retenue des changements massifs."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from sas_platform.socle.verrous import prendre_verrou

SEUIL_RETENUE = (
    0.05  # part des identités, ou des lieux, en place qu’un import peut changer sans qu’on le confirme
)


class ImportRetenuError(Exception):
    """L’import changerait trop d’identités ou de lieux d’un coup ; rien n’est écrit. Le message est montrable."""


class ImportEnCoursError(Exception):
    """Un autre import du même référentiel n’est pas fini ; le message est montrable."""


@dataclass(slots=True)
class BilanImport:
    """`lues` lignes de données ; `ecartees` par motif ; le reste, en lignes de nos tables."""

    lues: int = 0
    hors_champ: int = 0
    signalees: Counter[str] = field(default_factory=Counter)
    ecartees: Counter[str] = field(default_factory=Counter)
    changements: dict[str, int] = field(default_factory=dict)

    def resume(self) -> str:
        rejets = sum(self.ecartees.values())
        parties = [
            f"{self.lues} lignes lues",
            f"{self.hors_champ} hors du champ du SAS",
            f"{rejets} écartées",
        ]
        parties += [f"{nombre} {nom}" for nom, nombre in self.changements.items()]
        return ", ".join(parties)

    def details(self) -> Iterator[str]:
        for motif, nombre in self.ecartees.most_common():
            yield f"écartées : {nombre} × {motif}"
        for motif, nombre in self.signalees.most_common():
            yield f"à vérifier : {nombre} × {motif}"


class Rejets:
    """Lignes écartées : comptées par motif, et notées dans un fichier CSV si on en donne un."""

    def __init__(self, bilan: BilanImport, fichier_lu: str, chemin: Path | None) -> None:
        self._bilan = bilan
        self._fichier_lu = fichier_lu
        self._flux = chemin.open("w", encoding="utf-8", newline="") if chemin else None
        self._csv = csv.writer(self._flux, delimiter=";") if self._flux else None
        if self._csv:
            self._csv.writerow(("fichier", "ligne", "motif"))

    def noter(self, numero: int, motif: str) -> None:
        self._bilan.ecartees[motif] += 1
        if self._csv:
            self._csv.writerow((self._fichier_lu, numero, motif))

    def fermer(self) -> None:
        if self._flux:
            self._flux.close()


@contextmanager
def seance(nom: str, tables: Sequence[str], *, ecrire: bool) -> Iterator[None]:
    """Une transaction, seule de son nom, annulée en simulation ou si quoi que ce soit échoue.

    `tables` : les tables temporaires créées pendant la séance, retirées à la fin.

    Lève `ImportEnCoursError`.
    """
    with transaction.atomic():
        if not prendre_verrou(nom):
            raise ImportEnCoursError("Un import de ce référentiel est déjà en cours.")
        with connection.cursor() as curseur:
            curseur.execute("SET LOCAL work_mem = '128MB'")
        yield
        executer(f"DROP TABLE {', '.join(tables)}")
        transaction.set_rollback(not ecrire)


def verifier_retenue(quoi: str, *, en_place: int, changees: int, disparues: int, confirmer: bool) -> None:
    """Lève `ImportRetenuError` au-delà de 5 % de ce qui est en place, sauf si l’on a confirmé.

    `quoi` : ce que l’on compte, au pluriel.
    """
    if confirmer or not en_place or changees + disparues <= SEUIL_RETENUE * en_place:
        return
    part = 100 * (changees + disparues) / en_place
    raise ImportRetenuError(
        f"Import retenu, rien n’est écrit : {changees} {quoi} changeraient et {disparues} disparaîtraient, "
        f"soit {part:.1f} % des {en_place} en place (5 % au plus). "
        "Vérifiez le fichier, puis relancez avec --confirmer."
    )


def copier(table: str, colonnes: Sequence[str], lignes: Iterator[Sequence[Any]]) -> None:
    with (
        connection.cursor() as curseur,
        curseur.cursor.copy(f"COPY {table} ({', '.join(colonnes)}) FROM STDIN") as copie,
    ):
        for ligne in lignes:
            copie.write_row(ligne)


def executer(sql: str, parametres: dict[str, Any] | None = None) -> int:
    """Exécute une instruction ; rend le nombre de lignes touchées."""
    with connection.cursor() as curseur:
        curseur.execute(sql, parametres)
        return int(curseur.rowcount)


def compter(sql: str) -> tuple[int, ...]:
    with connection.cursor() as curseur:
        curseur.execute(sql)
        return tuple(int(nombre) for nombre in curseur.fetchone() or ())


Signaler = Callable[[str], None]
