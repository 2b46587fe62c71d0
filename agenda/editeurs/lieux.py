"""Lieux d’un effecteur ou d’une association : ceux de l’annuaire, et ceux qu’un éditeur fait connaître."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any, NamedTuple

from django.db import connection

from agenda.editeurs.appariement import LieuConnu, cle_de_lieu, ecart_m, ville_comparable
from agenda.editeurs.verdicts import LieuEditeur
from annuaire.actions.situer import place_de
from annuaire.domaine.territoire import departements_du_code_postal
from annuaire.enums import PrecisionGeo, SourceLieu
from annuaire.models import Commune, LieuExercice

LIEUX_MAX = 20  # par titulaire : un éditeur ne remplit pas l’annuaire d’adresses inventées
DANS_LA_COMMUNE_M = 30_000  # au-delà, la position donnée et la commune se contredisent


class Titulaire(NamedTuple):
    """À qui est l’agenda : un effecteur, ou une association pour ses points fixes."""

    effecteur_id: int | None
    structure_id: int | None = None


# Ensemble, par ou exclusif, celles des lieux d’un titulaire disent s’il en est un de changé (`memoire`).
VERSION_LIEU = "hash_record_extended((l.id, l.xmin), 0)"
_CONNUS = f"""
    SELECT l.effecteur_id, l.structure_id, l.id, l.cle, l.finess, l.siret, l.adresse, l.code_postal,
        c.nom_recherche, {VERSION_LIEU}, l.precision_geo, l.lat, l.lon, l.source
    FROM annuaire_lieuexercice l JOIN annuaire_commune c ON c.code_insee = l.commune_id
    WHERE l.est_actif AND (l.effecteur_id = ANY(%s) OR l.effecteur_id IS NULL AND l.structure_id = ANY(%s))
    ORDER BY l.id
"""  # noqa: S608 : des constantes


def lieux_connus(titulaires: Collection[Titulaire]) -> dict[Titulaire, list[LieuConnu]]:
    """Lieux en activité de chacun, dans l’ordre de leur création, en une instruction."""
    connus: dict[Titulaire, list[LieuConnu]] = defaultdict(list)
    effecteurs = [titulaire.effecteur_id for titulaire in titulaires if titulaire.effecteur_id is not None]
    structures = [titulaire.structure_id for titulaire in titulaires if titulaire.effecteur_id is None]
    with connection.cursor() as curseur:
        curseur.execute(_CONNUS, [effecteurs, structures])
        for effecteur_id, structure_id, *lieu in curseur:
            titulaire = Titulaire(effecteur_id, structure_id if effecteur_id is None else None)
            connus[titulaire].append(_lieu_connu(*lieu))
    return connus


def _lieu_connu(*colonnes: Any) -> LieuConnu:
    pk, cle, finess, siret, adresse, code_postal, commune, version, precision, lat, lon, source = colonnes
    return LieuConnu(
        pk,
        cle,
        finess,
        siret,
        adresse,
        code_postal,
        commune,
        version,
        position=(lat, lon) if precision == PrecisionGeo.NUMERO else None,
        est_cree=source == SourceLieu.EDITEUR,
    )


def creer_lieu(titulaire: Titulaire, lieu: LieuEditeur) -> LieuConnu | None:
    """Le lieu ainsi décrit, créé ou réactivé ; rien si sa commune est introuvable ou s’il y en a trop.

    Il est où l’éditeur le situe, ou à défaut au centre de sa commune.
    """
    commune = commune_de(lieu)
    siens = LieuExercice.objects.filter(**titulaire._asdict())
    place = place_de(commune, commune.departement) if commune else None
    trop = siens.filter(source=SourceLieu.EDITEUR).count() >= LIEUX_MAX
    if commune is None or place is None or trop:
        return None
    lat, lon, precision = place.lat, place.lon, place.precision
    if lieu.position and ecart_m(lieu.position, (lat, lon)) <= DANS_LA_COMMUNE_M:
        (lat, lon), precision = lieu.position, PrecisionGeo.NUMERO.value
    genre, valeur = lieu.idnst[:1], lieu.idnst[1:]
    cree, _ = LieuExercice.objects.update_or_create(
        **titulaire._asdict(),
        cle=cle_de_lieu(lieu),
        defaults={"est_actif": True},
        create_defaults={
            "est_actif": True,
            "source": SourceLieu.EDITEUR,
            "nom": lieu.nom,
            "adresse": lieu.ligne,
            "code_postal": lieu.code_postal,
            "commune": commune,
            "lat": lat,
            "lon": lon,
            "precision_geo": precision,
            "fuseau": place.fuseau,
            "telephone": lieu.telephone,
            "finess": valeur if genre == "1" else "",
            "siret": valeur if genre == "3" else "",
        },
    )
    return LieuConnu(
        cree.pk,
        cree.cle,
        cree.finess,
        cree.siret,
        cree.adresse,
        cree.code_postal,
        commune.nom_recherche,
        est_cree=True,
    )


def commune_de(lieu: LieuEditeur) -> Commune | None:
    """Commune du code postal, de préférence de ce nom ; à défaut (CEDEX) celle de ce nom dans le département."""
    ville = ville_comparable(lieu.ville)
    communes = Commune.objects.select_related("departement")
    du_code = list(communes.filter(codes_postaux__contains=[lieu.code_postal]))
    if du_code:
        return max(
            du_code,
            key=lambda c: (
                _ressemble(c, ville),
                c.commune_parente_id is not None,  # l’arrondissement, plus précis que la ville entière
                c.population,
                c.code_insee,
            ),
        )
    departements = departements_du_code_postal(lieu.code_postal)
    du_nom = communes.filter(nom_recherche=ville, departement__in=departements)
    return du_nom.order_by("-population", "pk").first()


def _ressemble(commune: Commune, ville: str) -> bool:
    return bool(ville) and f"{ville_comparable(commune.nom)} ".startswith(f"{ville} ")
