"""À quel point un texte tapé ressemble à un libellé, les deux normalisés (`socle.textes.normaliser`)."""

from __future__ import annotations

from difflib import SequenceMatcher

SEUIL = 0.7  # ressemblance en dessous de laquelle ce n’est plus une faute de frappe


def proximite(tape: str, libelle: str, *, au_moins: float = SEUIL) -> float:
    """3 pour l’égalité, 2 pour un début, 1 pour un début de mot ; entre les deux, une faute de frappe.

    0 en dessous de `au_moins` ; à 1, les fautes ne sont même pas cherchées.
    """
    if not tape:
        return 0.0
    if tape == libelle:
        return 3.0
    if libelle.startswith(tape):
        return 2.0
    if f" {tape}" in f" {libelle}":
        return 1.0
    if au_moins >= 1:
        return 0.0
    proche = SequenceMatcher(None, tape, libelle, autojunk=False).ratio()
    return proche if proche >= au_moins else 0.0


def proximite_du_debut(tape: str, libelle: str) -> float:
    """Comme `proximite` ; la faute peut n’être que dans les premiers mots, « medcin » pour « medecine generale ».

    Pour proposer, non pour conclure : « martin » ressemble ainsi à « marin paul ».
    """
    debut = " ".join(libelle.split()[: len(tape.split())])
    return proximite(tape, libelle) or proximite(tape, debut)
