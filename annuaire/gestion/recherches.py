"""Professionnels et structures de l’annuaire d’après ce qu’un gestionnaire tape."""

from __future__ import annotations

import re
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from annuaire.champs import Champ, territoires_du
from annuaire.domaine.identifiants import est_adeli, est_rpps
from annuaire.enums import TypeStructure
from annuaire.models import Effecteur, LieuExercice, Structure
from annuaire.territoires.lectures import effecteurs_de, structures_de
from sas_platform.socle.textes import normaliser

LIMITE = 10
_MOTS_MAX = 6
_NUMERO = re.compile(r"[0-9]{9,14}|[0-9][0-9AB][0-9]{7}")
# U-18 : un gestionnaire de comptes ne rattache que les structures du SAS ; l’administrateur, toutes.
RATTACHABLES = (
    TypeStructure.CDS,
    TypeStructure.MSP,
    TypeStructure.CPTS,
    TypeStructure.SOS,
    TypeStructure.SNP,
)


def numero_compact(texte: str) -> str:
    """Sans espaces ni points, en majuscules : « 10 00 123 456 7 » se recopie d’une carte."""
    return re.sub(r"[\s.\u00a0\u202f-]", "", texte).upper()


def identifiant_saisi(texte: str) -> str | None:
    """Identifiant national, préfixe compris, d’un RPPS ou d’un ADELI tapé avec ou sans son préfixe ; ou rien."""
    numero = numero_compact(texte)
    if est_rpps(numero):
        return f"8{numero}"
    if numero.startswith("8") and est_rpps(numero[1:]):
        return numero
    if est_adeli(numero):
        return f"0{numero}"
    if numero.startswith("0") and est_adeli(numero[1:]):
        return numero
    return None


def est_un_numero(texte: str) -> bool:
    return _NUMERO.fullmatch(numero_compact(texte)) is not None


def effecteurs_trouves(texte: str, champ: Champ) -> list[Effecteur]:
    """Par numéro, dans tout l’annuaire ; par nom, dans les territoires de qui cherche (W-28). `LIMITE` plus un, au plus."""
    actifs = _avec_ville(Effecteur.objects.filter(est_actif=True).select_related("profession"))
    numero = identifiant_saisi(texte)
    if numero:
        return list(actifs.filter(identifiant_national=numero))
    if not champ.france:
        actifs = actifs.filter(pk__in=effecteurs_de(territoires_du(champ)).values("pk"))
    return _par_nom(actifs, texte)


def structures_trouvees(
    texte: str, champ: Champ, types: tuple[TypeStructure, ...] | None = None
) -> list[Structure]:
    """Par FINESS ou SIRET, dans toute la France ; par nom, dans les territoires de qui cherche."""
    actives = structures_rattachables(champ).select_related("commune")
    numero = numero_compact(texte)
    if est_un_numero(texte):
        return list(actives.filter(Q(finess=numero) | Q(siret=numero)).order_by("pk")[:LIMITE])
    if types:
        actives = actives.filter(type__in=types)
    if not champ.france:
        actives = actives.filter(pk__in=structures_de(territoires_du(champ)).values("pk"))
    return _par_nom(actives, texte)


def structures_rattachables(champ: Champ) -> QuerySet[Structure]:
    actives = Structure.objects.filter(est_active=True)
    return actives if champ.france else actives.filter(type__in=RATTACHABLES)


def _par_nom(lignes: QuerySet[Any], texte: str) -> list[Any]:
    mots = [mot for mot in normaliser(texte[:100]).split() if len(mot) > 1][:_MOTS_MAX]
    if not mots:
        return []
    for mot in mots:
        lignes = lignes.filter(nom_recherche__contains=mot)
    return list(lignes.order_by("nom_recherche", "pk")[: LIMITE + 1])


def _avec_ville(effecteurs: QuerySet[Effecteur]) -> QuerySet[Effecteur]:
    premier = LieuExercice.objects.filter(effecteur=OuterRef("pk"), est_actif=True).order_by("pk")
    return effecteurs.annotate(ville=Subquery(premier.values("commune__nom")[:1]))


def effecteurs_de_cles(cles: set[int]) -> list[Effecteur]:
    effecteurs = Effecteur.objects.filter(pk__in=cles).select_related("profession")
    return list(_avec_ville(effecteurs).order_by("nom_recherche", "pk"))


def decrire_effecteur(effecteur: Any) -> str:
    """De quoi choisir entre deux homonymes."""
    genre = "RPPS" if effecteur.identifiant_national.startswith("8") else "ADELI"
    ou = f", {effecteur.ville}" if effecteur.ville else ""
    return f"{effecteur} — {effecteur.profession.libelle}{ou} ({genre} {effecteur.identifiant_national[1:]})"


def decrire_structure(structure: Structure) -> str:
    ou = f", {structure.commune.nom}" if structure.commune else ""
    numero = f"FINESS {structure.finess}" if structure.finess else f"SIRET {structure.siret}"
    return f"{structure.nom} — {structure.get_type_display()}{ou} ({numero})"
