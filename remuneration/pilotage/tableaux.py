"""Un tableau du pilotage, le graphique ou la carte qui l’accompagne, et son CSV : les mêmes nombres partout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from remuneration.domaine.carte import Carte
from remuneration.domaine.graphique import Trace, tracer
from remuneration.domaine.indicateurs import Unite
from remuneration.pilotage.ecriture import ecart, ecrire

# Un mot s’écrit tel quel : ce que le mois ne permet pas de publier.
Valeur = float | str | None


@dataclass(frozen=True, slots=True)
class Ligne:
    """`unite` : celle de toute la ligne, quand le tableau en mêle. `sigle` : sous une barre, où la place manque."""

    libelle: str
    valeurs: tuple[Valeur, ...]
    sigle: str = ""
    unite: Unite | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """Un tableau : une ligne par libellé, des nombres dans chaque colonne.

    `unites` : celle de chaque colonne, si ce n’est pas `unite`. `traces` : colonnes du graphique. `ecarts` : colonnes
    dont le signe compte. `suite` : lignes que la page ne montre pas ; le CSV les a toutes.
    """

    code: str
    titre: str
    explication: str
    entetes: tuple[str, ...]
    lignes: list[Ligne]
    unite: Unite = Unite.NOMBRE
    unites: tuple[Unite, ...] = ()
    traces: tuple[int, ...] = ()
    empilees: bool = True
    ecarts: tuple[int, ...] = ()
    carte: Carte | None = None
    suite: list[Ligne] = field(default_factory=list)

    @property
    def rangees(self) -> list[tuple[str, list[str]]]:
        return [
            (ligne.libelle, [self._ecrire(ligne, colonne) for colonne in range(len(ligne.valeurs))])
            for ligne in self.lignes
        ]

    @property
    def trace(self) -> Trace | None:
        if not self.traces or not self.lignes:
            return None
        trace = tracer(
            [ligne.sigle or ligne.libelle for ligne in self.lignes],
            [[_nombre(valeur) for _, valeur in self._serie(colonne)] for colonne in self.traces],
            empilees=self.empilees,
        )
        graduees = [
            replace(repere, texte=ecrire(repere.valeur, self._unite_du_graphique))
            for repere in trace.graduations
        ]
        return replace(trace, graduations=graduees)

    @property
    def legende(self) -> list[str]:
        return [self.entetes[colonne + 1] for colonne in self.traces]

    @property
    def resume(self) -> str:
        """Ce que le graphique montre, pour qui ne le voit pas ; le tableau dit le reste."""
        if self.empilees and len(self.traces) > 1:
            sommes = [
                (ligne.libelle, sum(_nombre(ligne.valeurs[c]) for c in self.traces)) for ligne in self.lignes
            ]
            phrases = [self._extremes("en tout", sommes)]
        else:
            phrases = [
                self._extremes(nom, list(self._serie(c)))
                for nom, c in zip(self.legende, self.traces, strict=True)
            ]
        lues = "\u00a0; ".join(phrases)
        return f"{self.titre}. {lues}. Tous les nombres sont dans le tableau."

    def pour_csv(self) -> tuple[Sequence[str], list[list[object]]]:
        """Des nombres nus, que l’on peut calculer : ce qui n’en est pas un compte dit son unité dans son libellé."""
        colonnes = [
            _avec_unite(entete, self.unites[rang] if self.unites else self.unite)
            for rang, entete in enumerate(self.entetes[1:])
        ]
        lignes = [
            [_avec_unite(ligne.libelle, ligne.unite or Unite.NOMBRE), *map(_brut, ligne.valeurs)]
            for ligne in [*self.lignes, *self.suite]
        ]
        return [self.entetes[0], *colonnes], lignes

    @property
    def _unite_du_graphique(self) -> Unite:
        return self.unites[self.traces[0]] if self.unites else self.unite

    def _ecrire(self, ligne: Ligne, colonne: int) -> str:
        valeur = ligne.valeurs[colonne]
        if isinstance(valeur, str):
            return valeur
        unite = ligne.unite or (self.unites[colonne] if self.unites else self.unite)
        return (ecart if colonne in self.ecarts else ecrire)(valeur, unite)

    def _serie(self, colonne: int) -> Iterator[tuple[str, Valeur]]:
        return ((ligne.libelle, ligne.valeurs[colonne]) for ligne in self.lignes)

    def _extremes(self, nom: str, serie: Sequence[tuple[str, Valeur]]) -> str:
        connues = [(valeur, libelle) for libelle, valeur in serie if isinstance(valeur, int | float)]
        if not connues:
            return f"{nom}\u00a0: aucune valeur"
        (haut, ou_haut), (bas, ou_bas) = max(connues), min(connues)
        lu = f"{nom}\u00a0: {ecrire(haut, self._unite_du_graphique)} au plus ({ou_haut})"
        return lu if haut == bas else f"{lu}, {ecrire(bas, self._unite_du_graphique)} au moins ({ou_bas})"


def _nombre(valeur: Valeur) -> float:
    return valeur if isinstance(valeur, int | float) else 0


def _brut(valeur: Valeur) -> object:
    if valeur is None:
        return ""
    # Zéro n’a pas de signe.
    return (
        valeur if isinstance(valeur, str) else Decimal(f"{round(valeur, 4) + 0:.4f}".rstrip("0").rstrip("."))
    )


def _avec_unite(libelle: str, unite: Unite) -> str:
    return libelle if unite in (Unite.NOMBRE, Unite.RAPPORT) else f"{libelle} ({unite.value})"
