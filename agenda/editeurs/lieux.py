"""Lieux d’exercice qu’un éditeur fait connaître : situés au centre de leur commune."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from django.db.models.expressions import RawSQL

from agenda.editeurs.appariement import LieuConnu, cle_de_lieu, ville_comparable
from agenda.editeurs.verdicts import LieuEditeur
from annuaire.actions.situer import place_de
from annuaire.domaine.territoire import departements_du_code_postal
from annuaire.enums import SourceLieu
from annuaire.models import Commune, LieuExercice

LIEUX_MAX = 20  # par effecteur : un éditeur ne remplit pas l’annuaire d’adresses inventées


def lieux_connus(effecteur_ids: Collection[int]) -> dict[int, list[LieuConnu]]:
    """Lieux en activité de chaque effecteur, dans l’ordre de leur création ; une requête."""
    connus: dict[int, list[LieuConnu]] = defaultdict(list)
    lignes = LieuExercice.objects.filter(effecteur__in=effecteur_ids, est_actif=True).order_by("pk")
    lignes = lignes.annotate(version=RawSQL("annuaire_lieuexercice.xmin::text", []))
    for effecteur_id, *lieu in lignes.values_list(
        "effecteur_id",
        "pk",
        "cle",
        "finess",
        "siret",
        "adresse",
        "code_postal",
        "commune__nom_recherche",
        "version",
    ):
        assert effecteur_id is not None  # filtré
        connus[effecteur_id].append(LieuConnu(*lieu))
    return connus


def creer_lieu(effecteur_id: int, lieu: LieuEditeur) -> LieuConnu | None:
    """Le lieu ainsi décrit, créé ou réactivé ; rien si sa commune est introuvable ou s’il y en a trop."""
    commune = commune_de(lieu)
    deja = LieuExercice.objects.filter(effecteur=effecteur_id, source=SourceLieu.EDITEUR).count()
    place = place_de(commune, commune.departement) if commune else None
    if commune is None or place is None or deja >= LIEUX_MAX:
        return None
    genre, valeur = lieu.idnst[:1], lieu.idnst[1:]
    cree, _ = LieuExercice.objects.update_or_create(
        effecteur_id=effecteur_id,
        cle=cle_de_lieu(lieu),
        defaults={"est_actif": True},
        create_defaults={
            "est_actif": True,
            "source": SourceLieu.EDITEUR,
            "nom": lieu.nom,
            "adresse": lieu.ligne,
            "code_postal": lieu.code_postal,
            "commune": commune,
            "lat": place.lat,
            "lon": place.lon,
            "precision_geo": place.precision,
            "fuseau": place.fuseau,
            "telephone": lieu.telephone,
            "finess": valeur if genre == "1" else "",
            "siret": valeur if genre == "3" else "",
        },
    )
    return LieuConnu(
        cree.pk, cree.cle, cree.finess, cree.siret, cree.adresse, cree.code_postal, commune.nom_recherche
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
