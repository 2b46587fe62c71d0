"""Numéros de téléphone : de la forme reçue à l’internationale, gardée, et de celle-ci à la française, montrée."""

from __future__ import annotations

import re

_NON_CHIFFRES = re.compile(r"[^0-9+]")
# Premiers chiffres, zéro compris → indicatif du territoire ; tout le reste est de métropole.
_INDICATIFS = {
    "0590": "590", "0690": "590", "0691": "590",
    "0594": "594", "0694": "594",
    "0596": "596", "0696": "596", "0697": "596",
    "0262": "262", "0263": "262", "0269": "262", "0639": "262", "0692": "262", "0693": "262", "0709": "262",
}  # fmt: skip
_ETRANGERS = ("508", "590", "594", "596", "262", "681", "687", "689")
_A_DIX_CHIFFRES = ("+33", "+262", "+590", "+594", "+596")
# Dans ces collectivités, les numéros sont locaux : six ou huit chiffres, sans zéro devant.
_LOCAUX = {"975": ("508", 6), "986": ("681", 6), "987": ("689", 8), "988": ("687", 6)}


def normaliser_telephone(texte: str, departement: str = "") -> str:
    """« 03 81 38 54 54 » → « +33381385454 », « 0262… » → « +262262… » ; vide si ce n’est pas un numéro.

    Remet le zéro que les tableurs ôtent. `departement` reconnaît les numéros locaux du Pacifique.
    """
    numero = _NON_CHIFFRES.sub("", texte)
    if numero.startswith("+"):
        numero = "00" + numero[1:]
    if numero.startswith("0033"):
        numero = "0" + numero[4:].removeprefix("0")
    for indicatif in _ETRANGERS:
        if numero.startswith("00" + indicatif):
            reste = numero[2 + len(indicatif) :].removeprefix("0")
            return f"+{indicatif}{reste}" if 6 <= len(reste) <= 9 else ""
    if departement in _LOCAUX and len(numero) == _LOCAUX[departement][1]:
        return f"+{_LOCAUX[departement][0]}{numero}"
    if len(numero) == 9 and not numero.startswith("0"):
        numero = "0" + numero
    if len(numero) != 10 or not numero.isdigit() or not numero.startswith("0") or numero[1] == "0":
        return ""
    if numero.startswith("0508"):
        return "+508" + numero[4:]
    return f"+{_INDICATIFS.get(numero[:4], '33')}{numero[1:]}"


def ecrire_telephone(numero: str) -> tuple[str, str]:
    """Forme affichée et forme du lien `tel:` ; deux vides si le numéro n’est pas français (metier.md § 1.12).

    « +33612345678 » s’affiche « 06 12 34 56 78 », un 08 « 08 xx xx xx xx » ; hors du plan à dix
    chiffres (Saint-Pierre, Pacifique), l’indicatif reste : « +687 261234 ».
    """
    lien = normaliser_telephone(numero)
    for indicatif in _A_DIX_CHIFFRES:
        if lien.startswith(indicatif):
            chiffres = f"0{lien.removeprefix(indicatif)}"
            return " ".join(chiffres[i : i + 2] for i in range(0, len(chiffres), 2)), lien
    return (f"{lien[:4]} {lien[4:]}", lien) if lien else ("", "")
