"""Le fichier d’une caisse et son manifeste : les mêmes données donnent les mêmes octets.

CSV « ; », UTF-8 avec marque, CRLF, virgule décimale, dates ISO. L’identifiant
est précédé de son genre (« RPPS:10101010101 ») : un tableur le garde en texte, zéro de tête
compris, et une machine n’a qu’un préfixe à ôter. Un rectificatif n’a que les valeurs
qui changent, une par ligne.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from remuneration.caisse.catalogue import CLES, TECHNIQUES
from remuneration.caisse.lignes import Dossier, Ligne, Valeur, lignes
from remuneration.caisse.signature import canonique, signer
from remuneration.models import Colonne, Regle
from sas_platform.socle.tableurs import en_csv, neutraliser

FORMAT = "sas-caisse-1"
MONTANT = "montant"
_IDENTITE = ("identifiant", "rpps", "nom", "prenom", "departement")
_RECTIFICATIF = ("changement", "colonne", "avant", "apres", "difference_eur")


@dataclass(frozen=True, slots=True)
class Fichier:
    nom: str
    contenu: bytes
    lignes: int
    cles: list[int]
    empreinte: str
    manifeste: str
    signature: str


class SansColonne(ValueError):
    def __init__(self) -> None:
        super().__init__("Aucune colonne n’est réglée pour ce fichier\u00a0: voyez l’administration.")


def colonnes_de(nature: str) -> list[Colonne]:
    """Lève `SansColonne`."""
    trouvees = list(Colonne.objects.filter(nature=nature).order_by("rang"))
    if not trouvees:
        raise SansColonne
    return trouvees


def fichier(nature: str, dossier: Dossier, *, depuis: Dossier | None = None) -> Fichier:
    """Le fichier entier ; ou, avec `depuis`, ce que ce dossier change à celui qui a été remis."""
    colonnes = colonnes_de(nature)
    ecrites = lignes(nature, dossier)
    if depuis is None:
        entetes = [colonne.entete for colonne in colonnes]
        rangees = [
            (ligne.beneficiaire, [ligne.valeurs[colonne.champ] for colonne in colonnes]) for ligne in ecrites
        ]
    else:
        entetes = [*_IDENTITE, *CLES[nature], *_RECTIFICATIF]
        rangees = list(_differences(nature, colonnes, lignes(nature, depuis), ecrites))
    contenu = en_csv(entetes, [rangee for _, rangee in rangees])
    empreinte = hashlib.sha256(contenu).hexdigest()
    nom = _nom(nature, dossier, empreinte, est_rectificatif=depuis is not None)
    manifeste = canonique(_manifeste(nature, dossier, depuis, nom, entetes, len(rangees), empreinte))
    cles = [cle for cle, _ in rangees]
    return Fichier(nom, contenu, len(rangees), cles, empreinte, manifeste, signer(manifeste))


def lire(contenu: bytes) -> Iterator[list[str]]:
    """Les cellules d’un fichier gardé, en-têtes d’abord."""
    texte = contenu.decode("utf-8-sig")
    return csv.reader(io.StringIO(texte, newline=""), delimiter=";", strict=True)


def _nom(nature: str, dossier: Dossier, empreinte: str, *, est_rectificatif: bool) -> str:
    suite = "_rectificatif" if est_rectificatif else ""
    calcul = dossier.calcul
    return f"sas_{dossier.departement.pk}_{calcul.periode.code}_v{calcul.version}_{nature}{suite}_{empreinte[:8]}.csv"


def _manifeste(
    nature: str,
    dossier: Dossier,
    depuis: Dossier | None,
    nom: str,
    entetes: Sequence[str],
    nombre: int,
    empreinte: str,
) -> dict[str, Any]:
    calcul = dossier.calcul
    assert calcul.arrete_le is not None
    return {
        "format": FORMAT,
        "fichier": nom,
        "sha256": empreinte,
        "lignes": nombre,
        "colonnes": list(entetes),
        "csv": {"separateur": ";", "decimale": ",", "encodage": "UTF-8 avec marque", "fin_de_ligne": "CRLF"},
        "nature": nature,
        "departement": dossier.departement.pk,
        "periode": {
            "code": calcul.periode.code,
            "debut": calcul.periode.debut.isoformat(),
            "fin_exclue": calcul.periode.fin.isoformat(),
        },
        "calcul": {
            "version": calcul.version,
            "faits_connus_jusqu_au": calcul.arrete_le.isoformat(),
            "motif": calcul.motif,
        },
        "rectifie": depuis.calcul.version if depuis else None,
        "regles": [_regle(regle) for regle in calcul.regles.order_by("prestation", "debut", "pk")],
    }


def _regle(regle: Regle) -> dict[str, Any]:
    """Sans sa fin : une règle sans terme en reçoit un plus tard, et le manifeste doit se récrire le même."""
    return {
        "numero": regle.pk,
        "prestation": regle.prestation,
        "debut": regle.debut.isoformat(),
        "source": regle.source,
    }


def _differences(
    nature: str, colonnes: Sequence[Colonne], avant: Sequence[Ligne], apres: Sequence[Ligne]
) -> Iterator[tuple[int, list[Valeur]]]:
    anciennes = {ligne.cle: ligne for ligne in avant}
    nouvelles = {ligne.cle: ligne for ligne in apres}
    designent = {*_IDENTITE, *CLES[nature], *TECHNIQUES}
    compares = [colonne for colonne in colonnes if colonne.champ not in designent]
    cles = dict.fromkeys([*(ligne.cle for ligne in apres), *(ligne.cle for ligne in avant)])
    for cle in cles:
        ancienne, nouvelle = anciennes.get(cle), nouvelles.get(cle)
        qui = nouvelle or anciennes[cle]
        identite = [qui.valeurs[champ] for champ in (*_IDENTITE, *CLES[nature])]
        changement = "modification" if ancienne and nouvelle else "ajout" if nouvelle else "retrait"
        for colonne in compares:
            vieille, neuve = (v.valeurs[colonne.champ] if v else "" for v in (ancienne, nouvelle))
            if neutraliser(vieille) != neutraliser(neuve):
                ecart = _ecart(vieille, neuve) if colonne.champ == MONTANT else ""
                yield qui.beneficiaire, [*identite, changement, colonne.entete, vieille, neuve, ecart]


def _ecart(avant: Valeur, apres: Valeur) -> Decimal:
    """Euros de plus, ou de moins ; une ligne qui n’existe pas vaut zéro."""
    return Decimal(apres or 0) - Decimal(avant or 0)
