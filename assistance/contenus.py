"""Contenus livrés avec la plateforme : thèmes et leur destinataire, questions fréquentes, guides.

`donnees/themes.csv` est la matrice B-21, une colonne par profil. Les textes sont
en Markdown : « # » ouvre un thème ou une rubrique, « ## » une question ou une
page, et « > profils = a, b » les réserve à certains profils. Un texte est écrit
une fois et rangé pour chaque profil qui le lit.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistance.enums import Destination, Profil

DONNEES = Path(__file__).parent / "donnees"
_LETTRES = {
    "RT": Destination.REFERENT,
    "GC": Destination.GESTIONNAIRE,
    "N1": Destination.SUPPORT_N1,
    "N3": Destination.SUPPORT_N3,
}
_RESERVE = "> profils ="


@dataclass(frozen=True, slots=True)
class Texte:
    partie: str
    titre: str
    corps: str
    # Vide : tous les profils.
    profils: tuple[Profil, ...]


def charger(modele: Callable[[str, str], Any]) -> None:
    """Range les contenus livrés qui manquent ; ceux qui existent ne sont pas touchés. Rejouable.

    `modele` rend un modèle par application et nom : celui d’une migration, ou d’aujourd’hui.
    """
    _charger_aide(modele("assistance", "Theme"), modele("assistance", "Question"))
    pages = modele("assistance", "PageFormation")
    for ordre, texte in enumerate(lire(DONNEES / "formation.md")):
        for profil in texte.profils or tuple(p for p in Profil if p is not Profil.ANONYME):
            pages.objects.get_or_create(
                profil=profil,
                rubrique=texte.partie,
                titre=texte.titre,
                defaults={"contenu": texte.corps, "ordre": ordre},
            )


def _charger_aide(themes: Any, questions: Any) -> None:
    textes = list(lire(DONNEES / "faq.md"))
    for rang, (libelle, destinations) in enumerate(matrice().items()):
        siens = [texte for texte in textes if texte.partie == libelle]
        for profil, destination in destinations.items():
            theme, _ = themes.objects.get_or_create(
                profil=profil, libelle=libelle, defaults={"destination": destination, "ordre": rang}
            )
            for ordre, texte in enumerate(siens):
                if not texte.profils or profil in texte.profils:
                    questions.objects.get_or_create(
                        theme=theme, question=texte.titre, defaults={"reponse": texte.corps, "ordre": ordre}
                    )


def matrice() -> dict[str, dict[Profil, Destination]]:
    """Thème → profil → destinataire, dans l’ordre du fichier ; un thème qu’un profil n’a pas y manque.

    Deux ajouts à la matrice d’origine : régulateurs, IOA et référents déclarent eux aussi un bug au
    support de premier niveau (B-22), et l’agent de CPAM, qu’elle ignorait, a les thèmes communs.
    """
    with (DONNEES / "themes.csv").open(encoding="utf-8", newline="") as flux:
        return {
            ligne.pop("theme"): {
                Profil(profil): _LETTRES[lettre] for profil, lettre in ligne.items() if lettre
            }
            for ligne in csv.DictReader(flux, delimiter=";")
        }


def lire(fichier: Path) -> Iterator[Texte]:
    """Textes d’un fichier, dans l’ordre. Une réserve écrite sous un « # » vaut pour toute la partie."""
    partie = titre = ""
    de_la_partie: tuple[Profil, ...] = ()
    du_texte: tuple[Profil, ...] = ()
    lignes: list[str] = []
    for ligne in [*fichier.read_text(encoding="utf-8").splitlines(), "# "]:
        if ligne.startswith(("# ", "## ")):
            if titre:
                yield Texte(partie, titre, "\n".join(lignes).strip(), du_texte or de_la_partie)
            titre, du_texte, lignes = ligne[3:] if ligne.startswith("## ") else "", (), []
            if not titre:
                partie, de_la_partie = ligne[2:], ()
        elif ligne.startswith(_RESERVE):
            profils = tuple(Profil(nom.strip()) for nom in ligne.removeprefix(_RESERVE).split(","))
            if titre:
                du_texte = profils
            else:
                de_la_partie = profils
        else:
            # Dans la page, le premier niveau de titre est à nous : « ### » du fichier y devient « # ».
            lignes.append(ligne.removeprefix("##") if ligne.startswith("### ") else ligne)
