"""Identifiants nationaux : forme et clé. La forme se vérifie toujours ; une clé fausse se signale."""

from __future__ import annotations

import re

_RPPS = re.compile(r"[0-9]{11}")
_ADELI = re.compile(r"(?:[0-9]{2}|2[AB]|9[A-J])[0-9]{7}")
_FINESS = re.compile(r"(?:[0-9]{2}|2[AB])[0-9]{7}")
_SIRET = re.compile(r"[0-9]{14}")
_CORSE = str.maketrans({"A": "1", "B": "2"})
_SIREN_LA_POSTE = "356000000"


class IdentifiantInvalideError(ValueError):
    """Identifiant que sa forme interdit ; le message est montrable."""


def somme_luhn(chiffres: str) -> int:
    """Somme de Luhn, le chiffre de droite compris tel quel : un numéro est juste si elle finit par 0."""
    somme = 0
    for rang, chiffre in enumerate(reversed(chiffres)):
        valeur = int(chiffre) * (2 if rang % 2 else 1)
        somme += valeur - 9 if valeur > 9 else valeur
    return somme


def cle_luhn(chiffres: str) -> str:
    """Le chiffre à ajouter à droite pour que la somme de Luhn finisse par 0."""
    return str(-somme_luhn(chiffres + "0") % 10)


def est_rpps(texte: str) -> bool:
    return _RPPS.fullmatch(texte) is not None


def est_adeli(texte: str) -> bool:
    """Neuf signes : département (Corse 2A ou 2B, outre-mer 9A à 9J) puis sept chiffres."""
    return _ADELI.fullmatch(texte) is not None


def est_finess(texte: str) -> bool:
    """Neuf signes : département (Corse 2A ou 2B) puis sept chiffres, le dernier étant la clé."""
    return _FINESS.fullmatch(texte) is not None


def est_siret(texte: str) -> bool:
    return _SIRET.fullmatch(texte) is not None


def cle_rpps_juste(rpps: str) -> bool:
    return est_rpps(rpps) and somme_luhn(rpps) % 10 == 0


def cle_finess_juste(finess: str) -> bool:
    """Clé de Luhn, la lettre de la Corse valant 1 pour A et 2 pour B."""
    return est_finess(finess) and somme_luhn(finess.translate(_CORSE)) % 10 == 0


def cle_siret_juste(siret: str) -> bool:
    """Clé de Luhn ; à La Poste, dont les établissements débordent, la somme des chiffres est un multiple de 5."""
    if not est_siret(siret):
        return False
    if somme_luhn(siret) % 10 == 0:
        return True
    return siret.startswith(_SIREN_LA_POSTE) and sum(map(int, siret)) % 5 == 0


def identifiant_national(type_identifiant: str, numero: str) -> str:
    """« 8 » suivi du RPPS, ou « 0 » suivi de l’ADELI ; toujours du texte, pour garder le zéro (W-46).

    Lève `IdentifiantInvalideError`.
    """
    if type_identifiant == "8":
        if not est_rpps(numero):
            raise IdentifiantInvalideError("RPPS mal formé : onze chiffres attendus")
    elif type_identifiant == "0":
        if not est_adeli(numero):
            raise IdentifiantInvalideError("ADELI mal formé : neuf signes attendus")
    else:
        raise IdentifiantInvalideError("type d’identifiant inconnu : 8 (RPPS) ou 0 (ADELI) attendu")
    return type_identifiant + numero
