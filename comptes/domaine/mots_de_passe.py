"""Ce qu’un mot de passe doit être, et ce qui le rend facile à deviner.

Source : guide effecteur (12 signes, une majuscule, une minuscule, un chiffre,
un caractère spécial) ; recommandations de l’ANSSI et de la CNIL sur les mots de
passe trop courants.
"""

from __future__ import annotations

import re

LONGUEUR_MIN = 12
LONGUEUR_MAX = 128
SIGNES_DISTINCTS_MIN = 6
LETTRES_MIN = 4  # en deçà, c’est une date ou un numéro

# Un mot de passe fait de ces seuls mots, de chiffres et de ponctuation se devine, si long soit-il.
MOTS_FAIBLES = (
    "administrateur|admin|ameli|amour|azerty|azertyuiop|bienvenue|bonjour|changezmoi|changeme|chocolat|coucou|docteur|"
    "doudou|france|hopital|iloveyou|infirmier|infirmiere|janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|"
    "octobre|novembre|decembre|printemps|ete|automne|hiver|marseille|medecin|medecine|motdepasse|mdp|paris|password|pass|"
    "patient|plateforme|qsdfgh|qwerty|qwertyuiop|regulation|samu|sante|sas|secret|soleil|super|test|welcome|word|wxcvbn|"
    "le|la|les|de|du|mon|ma|mes|abc|abcd|abcdef"
)
_FAIBLE = re.compile(rf"(?:{MOTS_FAIBLES})+")
_DETOURS = str.maketrans(
    {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i", "€": "e"}
)
_BORDS = "0123456789!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~€ "


def manques(mot_de_passe: str) -> list[str]:
    """Ce qui manque au format, en toutes lettres ; rien s’il est bon."""
    attendus = {
        f"{LONGUEUR_MIN} caractères": len(mot_de_passe) >= LONGUEUR_MIN,
        "une lettre majuscule": any(signe.isupper() for signe in mot_de_passe),
        "une lettre minuscule": any(signe.islower() for signe in mot_de_passe),
        "un chiffre": any(signe.isdigit() for signe in mot_de_passe),
        "un caractère spécial": any(not signe.isalnum() and not signe.isspace() for signe in mot_de_passe),
    }
    return [attendu for attendu, present in attendus.items() if not present]


def est_devinable(mot_de_passe: str) -> bool:
    """Vrai pour un numéro, une répétition, ou des mots courants habillés de chiffres et de ponctuation."""
    minuscule = mot_de_passe.lower()
    if len(set(minuscule)) < SIGNES_DISTINCTS_MIN:
        return True
    lettres = "".join(signe for signe in minuscule if signe.isalpha())
    if len(lettres) < LETTRES_MIN:
        return True
    deguise = minuscule.strip(_BORDS).translate(_DETOURS)
    deguise = "".join(signe for signe in deguise if signe.isalpha())
    return any(not mot or _FAIBLE.fullmatch(mot) for mot in (lettres, deguise))
