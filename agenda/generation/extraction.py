"""Une extraction RPPS fictive, au vrai format, pour essayer et mesurer l’import."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from agenda.generation.annuaire import AUTRES, GENERALISTE
from agenda.generation.geographie import Place, Territoire
from agenda.generation.noms import NOMS, PRENOMS, VOIES
from annuaire.domaine.identifiants import cle_luhn

COLONNES = (
    "Type d'identifiant PP",
    "Identifiant PP",
    "Identification nationale PP",
    "Code civilité d'exercice",
    "Libellé civilité d'exercice",
    "Code civilité",
    "Libellé civilité",
    "Nom d'exercice",
    "Prénom d'exercice",
    "Code profession",
    "Libellé profession",
    "Code catégorie professionnelle",
    "Libellé catégorie professionnelle",
    "Code type savoir-faire",
    "Libellé type savoir-faire",
    "Code savoir-faire",
    "Libellé savoir-faire",
    "Code mode exercice",
    "Libellé mode exercice",
    "Numéro SIRET site",
    "Numéro SIREN site",
    "Numéro FINESS site",
    "Numéro FINESS établissement juridique",
    "Identifiant technique de la structure",
    "Raison sociale site",
    "Enseigne commerciale site",
    "Complément destinataire (coord. structure)",
    "Complément point géographique (coord. structure)",
    "Numéro Voie (coord. structure)",
    "Indice répétition voie (coord. structure)",
    "Code type de voie (coord. structure)",
    "Libellé type de voie (coord. structure)",
    "Libellé Voie (coord. structure)",
    "Mention distribution (coord. structure)",
    "Bureau cedex (coord. structure)",
    "Code postal (coord. structure)",
    "Code commune (coord. structure)",
    "Libellé commune (coord. structure)",
    "Code pays (coord. structure)",
    "Libellé pays (coord. structure)",
    "Téléphone (coord. structure)",
    "Téléphone 2 (coord. structure)",
    "Télécopie (coord. structure)",
    "Adresse e-mail (coord. structure)",
    "Code Département (structure)",
    "Libellé Département (structure)",
    "Ancien identifiant de la structure",
    "Autorité d'enregistrement",
    "Code secteur d'activité",
    "Libellé secteur d'activité",
    "Code section tableau pharmaciens",
    "Libellé section tableau pharmaciens",
    "Code rôle",
    "Libellé rôle",
    "Code genre activité",
    "Libellé genre activité",
)
ANCIENNES = 52  # les quatre dernières colonnes manquaient avant 2026
_METIERS = (GENERALISTE, *AUTRES)
_POIDS = (8, *AUTRES.values())
_SALARIATS = (("S", "Salarié", "SA01"), ("S", "Salarié", "SA05"), ("B", "Bénévole", "SA01"))
_LIBERAL = ("L", "Libéral", "SA07")


def entete(colonnes: int = len(COLONNES)) -> str:
    return "|".join(COLONNES[:colonnes]) + "|"


def lignes(
    *, nombre: int, graine: int, territoire: Territoire, colonnes: int = len(COLONNES)
) -> Iterator[str]:
    """`nombre` lignes : une à quatre par personne, une par activité et par savoir-faire."""
    hasard = Random(f"{graine}/extraction")  # noqa: S311 : du vraisemblable, pas un secret
    restantes, rang = nombre, 0
    while restantes > 0:
        rang += 1
        for ligne in _personne(rang, hasard, territoire):
            if restantes == 0:
                return
            restantes -= 1
            yield "|".join(ligne[:colonnes]) + "|"


def _personne(rang: int, hasard: Random, territoire: Territoire) -> Iterator[list[str]]:
    numero = f"999{rang:07d}"
    rpps = numero + cle_luhn(numero)
    profession, ordinales = hasard.choices(_METIERS, _POIDS)[0]
    nom, prenom = hasard.choice(NOMS).upper(), hasard.choice(PRENOMS).upper()
    savoir_faire = [("S", ordinale) for ordinale in ordinales] or [("", "")]
    if ordinales and hasard.random() < 0.2:
        savoir_faire.append(("CAPA", "C62"))
    civilite = "DR" if profession in ("10", "40") else ""
    identite = ["8", rpps, "8" + rpps, civilite, "", "", "", nom, prenom, profession, "", "C", "Civil"]
    place = territoire.tirer(hasard)
    for site in range(hasard.choice((1, 1, 1, 1, 2, 2, 3))):
        structure = _structure(rang, site, hasard, place)
        for type_, code in savoir_faire:
            yield [*identite, type_, "", code, "", *structure]


def _structure(rang: int, site: int, hasard: Random, place: Place) -> list[str]:
    """De la colonne 18 à la 56."""
    mode, libelle_mode, secteur = _LIBERAL if hasard.random() < 0.7 else hasard.choice(_SALARIATS)
    siret = f"999{rang:08d}{site:02d}"
    type_voie, _, voie = hasard.choice(VOIES).partition(" ")
    telephone = f"0{place.prefixe_telephone[3:]}{hasard.randint(0, 9999):04d}"
    # Un code postal sur cinquante a un CEDEX et pas de code commune : la vraie extraction en a.
    cedex = hasard.random() < 0.02
    code_postal = place.code_postal
    return [
        *(mode, libelle_mode, siret + cle_luhn(siret), siret[:9], "", "", f"C{rang}{site:02d}"),
        *(
            "CABINET",
            "",
            "",
            "",
            str(hasard.randint(1, 180)),
            "",
            "",
            type_voie.capitalize(),
            voie.upper(),
            "",
        ),
        *(f"{code_postal} {place.nom.upper()}{' CEDEX' if cedex else ''}", code_postal),
        *("" if cedex else place.code_insee, place.nom, "", "", telephone, "", "", "", place.departement),
        *("", "", "CNOM/CNOM/ARS", secteur, "", "", "", "", "", "GENR01", "Activité standard de soin"),
    ]
