"""Charge les tables de référence : départements, communes, professions, spécialités, besoins."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models, transaction

from annuaire.connecteurs import referentiels
from annuaire.models import Besoin, Commune, Departement, Profession, Specialite
from sas_platform.socle.textes import normaliser

Ligne = dict[str, Any]


@dataclass(slots=True)
class Bilan:
    lues: int = 0
    creees: int = 0
    modifiees: int = 0

    @property
    def inchangees(self) -> int:
        return self.lues - self.creees - self.modifiees


def charger_referentiels(*, ecrire: bool, signaler: Callable[[str], None]) -> dict[str, Bilan]:
    """Met les tables à l’image des fichiers ; rien n’est écrit si `ecrire` est faux. Rejouable.

    Une ligne absente des fichiers est laissée : des lieux peuvent s’y rattacher.
    """
    tables: list[tuple[str, type[models.Model], str, Iterable[Ligne]]] = [
        ("départements", Departement, "code", _departements()),
        ("communes", Commune, "code_insee", _communes()),
        ("professions", Profession, "code", referentiels.lire_csv("professions.csv")),
        ("spécialités", Specialite, "code", _specialites()),
    ]
    bilans = {}
    with transaction.atomic():
        for nom, modele, cle, lignes in tables:
            bilans[nom] = _fusionner(modele, cle, list(lignes), ecrire=ecrire)
            signaler(f"{nom} : {bilans[nom].lues} lignes lues")
        bilans["besoins"] = _completer_les_besoins(ecrire=ecrire)
        signaler(f"besoins : {bilans['besoins'].lues} lignes lues")
    return bilans


def _completer_les_besoins(*, ecrire: bool) -> Bilan:
    """Ajoute ceux qui manquent ; un besoin déjà là appartient aux administrateurs, même changé ou retiré."""
    lignes = list(referentiels.lire_csv("besoins.csv"))
    presents = set(Besoin.objects.values_list("code", flat=True))
    nouveaux = [ligne for ligne in lignes if ligne["code"] not in presents]
    if ecrire:
        specialites = {specialite.code: specialite for specialite in Specialite.objects.all()}
        for ligne in nouveaux:
            besoin = Besoin.objects.create(
                code=ligne["code"],
                libelle=ligne["libelle"],
                formulations=ligne["formulations"].split("|"),
                est_suggere=bool(ligne["suggere"]),
            )
            besoin.specialites.set(specialites[code] for code in ligne["specialites"].split("|"))
    return Bilan(lues=len(lignes), creees=len(nouveaux))


def _fusionner(modele: type[models.Model], cle: str, lignes: list[Ligne], *, ecrire: bool) -> Bilan:
    """N’écrit que ce qui diffère : rejouer le chargement n’écrit rien."""
    bilan = Bilan(lues=len(lignes))
    if not lignes:
        return bilan
    champs = [champ for champ in lignes[0] if champ != cle]
    presentes = {ligne[cle]: ligne for ligne in modele._default_manager.values(cle, *champs)}
    a_ecrire = []
    for ligne in lignes:
        presente = presentes.get(ligne[cle])
        if presente == ligne:
            continue
        bilan.creees += presente is None
        bilan.modifiees += presente is not None
        a_ecrire.append(modele(**ligne))
    if ecrire and a_ecrire:
        modele._default_manager.bulk_create(
            a_ecrire, batch_size=2000, update_conflicts=True, unique_fields=[cle], update_fields=champs
        )
    return bilan


def _departements() -> Iterable[Ligne]:
    for lu in referentiels.departements():
        yield {
            "code": lu.code,
            "nom": lu.nom,
            "region": lu.region,
            "zone": lu.zone,
            "fuseau": lu.fuseau,
            "population": lu.population,
            "lat": lu.lat,
            "lon": lu.lon,
            "rayon_defaut_km": lu.rayons.defaut_km,
            "pas_elargissement_km": lu.rayons.pas_km,
            "rayon_departement_km": lu.rayons.departement_km,
        }


def _communes() -> Iterable[Ligne]:
    for lue in referentiels.communes():
        yield {
            "code_insee": lue.code_insee,
            "nom": lue.nom,
            "nom_recherche": normaliser(lue.nom),
            "commune_parente_id": lue.commune_parente or None,
            "departement_id": lue.departement,
            "codes_postaux": list(lue.codes_postaux),
            "population": lue.population,
            "lat": lue.lat,
            "lon": lue.lon,
        }


def _specialites() -> Iterable[Ligne]:
    for ligne in referentiels.lire_csv("specialites.csv"):
        yield {
            "code": ligne["code"],
            "libelle": ligne["libelle"],
            "profession_id": ligne["profession"] or None,
            "savoir_faire": ligne["savoir_faire"].split(),
            "type_structure": ligne["type_structure"],
            "synonymes": [synonyme for synonyme in ligne["synonymes"].split("|") if synonyme],
        }
