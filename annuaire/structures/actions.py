"""Tenir une structure : membres, zone d’intervention, points fixes, informations à la régulation."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse

from annuaire.domaine.fuseaux import fuseau_de
from annuaire.enums import SourceLieu, TypeStructure
from annuaire.lectures import LieuTrouve, geocoder, par_commune
from annuaire.models import Commune, LieuExercice, Rattachement, Structure
from annuaire.structures.lectures import empreinte, lieux_rattachables, version_de_la_zone, zone_de
from comptes.actions import tracer
from comptes.courriels import ecrire, lien_public
from comptes.models import Compte
from sas_platform.socle.textes import normaliser


class StructureRefusee(Exception):
    """Refus à montrer tel quel ; `champ` : celui du formulaire où il se pose."""

    def __init__(self, message: str, champ: str | None = None) -> None:
        super().__init__(message)
        self.champ = champ


class ModifieeEntreTemps(StructureRefusee):
    def __init__(self) -> None:
        super().__init__(
            "Une autre personne a modifié ces informations entre-temps. Rien n’est enregistré : "
            "rouvrez la page pour voir sa version, puis reprenez vos changements."
        )


@transaction.atomic
def creer(*, saisie: Mapping[str, Any], acteur: Compte) -> Structure:
    """Lève `StructureRefusee` si une structure du même type porte déjà ce FINESS ou ce SIRET."""
    if saisie["siret"] and Structure.objects.filter(type=saisie["type"], siret=saisie["siret"]).exists():
        raise StructureRefusee("Une structure de ce type porte déjà ce SIRET.", "siret")
    place = _situer(saisie["adresse"], saisie["code_postal"], saisie["commune"])
    structure = Structure(
        type=saisie["type"],
        nom=saisie["nom"],
        nom_recherche=normaliser(saisie["nom"]),
        finess=saisie["finess"] or None,
        siret=saisie["siret"],
        adresse=saisie["adresse"],
        code_postal=saisie["code_postal"],
        commune=saisie["commune"],
        telephone=saisie["telephone"],
        lat=place.lat,
        lon=place.lon,
    )
    try:
        with transaction.atomic():
            structure.save()
    except IntegrityError:
        raise StructureRefusee("Une structure porte déjà ce FINESS.", "finess") from None
    tracer(acteur=acteur, verbe="structure.creee", objet=f"structure:{structure.pk}")
    return structure


@transaction.atomic
def changer_informations(*, structure: Structure, texte: str, vu: str, acteur: Compte) -> None:
    """Lève `ModifieeEntreTemps` si le texte n’est plus celui que l’écran montrait."""
    verrouillee = _verrouiller(structure)
    if empreinte(verrouillee.informations_complementaires) != vu:
        raise ModifieeEntreTemps
    verrouillee.informations_complementaires = texte
    verrouillee.save(update_fields=["informations_complementaires"])
    tracer(
        acteur=acteur,
        verbe="structure.modifiee",
        objet=f"structure:{structure.pk}",
        champs=["informations_complementaires"],
    )


@transaction.atomic
def changer_zone(*, structure: Structure, communes: Collection[Commune], vu: str, acteur: Compte) -> None:
    """Lève `StructureRefusee` si ce n’est pas une CPTS, `ModifieeEntreTemps` si la zone a changé."""
    if structure.type != TypeStructure.CPTS:
        raise StructureRefusee("Seule une CPTS a une zone d’intervention.")
    verrouillee = _verrouiller(structure)
    avant = {commune.pk for commune in zone_de(verrouillee)}
    if version_de_la_zone(zone_de(verrouillee)) != vu:
        raise ModifieeEntreTemps
    apres = {commune.pk for commune in communes}
    verrouillee.communes_intervention.set(communes)
    tracer(
        acteur=acteur,
        verbe="structure.zone_modifiee",
        objet=f"structure:{structure.pk}",
        ajoutees=sorted(apres - avant)[:100],
        retirees=sorted(avant - apres)[:100],
    )


# --- Membres ----------------------------------------------------------------


@transaction.atomic
def proposer_rattachements(
    *, structure: Structure, lieux: Collection[LieuExercice], acteur: Compte, maintenant: datetime
) -> list[Rattachement]:
    """Propose à un effecteur que ces lieux comptent parmi les membres ; il l’accepte depuis « Mon compte ».

    Lève `StructureRefusee` si un lieu est déjà rattaché ou n’est pas d’un effecteur en activité.
    """
    (effecteur,) = {lieu.effecteur for lieu in lieux} or {None}
    if effecteur is None:
        raise StructureRefusee("Choisissez au moins un lieu d’exercice.", "lieux")
    _verrouiller(structure)
    libres = lieux_rattachables(effecteur, structure, instant=maintenant)
    if set(lieux) - set(libres):
        raise StructureRefusee("Un de ces lieux est déjà rattaché, ou n’est plus en activité.", "lieux")
    proposes = [
        Rattachement.objects.create(structure=structure, lieu=lieu, debut_le=maintenant, cree_par=acteur)
        for lieu in lieux
    ]
    compte = Compte.objects.filter(
        identifiant_national=effecteur.identifiant_national, is_active=True
    ).first()
    if compte is not None and compte.email:
        ecrire(
            gabarit="annuaire/proposition_rattachement",
            destinataire=compte.email,
            contexte={
                "prenom": compte.prenom,
                "nom": compte.nom,
                "structure": structure.nom,
                "lieux": " ; ".join(lieu.adresse_complete for lieu in lieux),
                "lien": lien_public(reverse("mon_compte:compte")),
            },
            compte=compte,
        )
    tracer(
        acteur=acteur,
        verbe="structure.membre_propose",
        objet=f"structure:{structure.pk}",
        lieux=[lieu.pk for lieu in lieux],
    )
    return proposes


@transaction.atomic
def accepter_rattachement(*, rattachement: Rattachement, acteur: Compte, maintenant: datetime) -> None:
    """Par l’effecteur. Lève `StructureRefusee` si la proposition a été retirée."""
    proposes = Rattachement.objects.ouverts(maintenant).filter(pk=rattachement.pk, accepte_le=None)
    if not proposes.update(accepte_le=maintenant):
        raise StructureRefusee("Cette proposition n’attend plus de réponse.")
    _tracer_membre(acteur, "structure.membre_ajoute", rattachement)


@transaction.atomic
def terminer_rattachement(*, rattachement: Rattachement, acteur: Compte, maintenant: datetime) -> None:
    """Par l’effecteur qui quitte, ou par le gestionnaire. Lève `StructureRefusee` si c’est déjà fait."""
    ouverts = Rattachement.objects.ouverts(maintenant).filter(pk=rattachement.pk, debut_le__lt=maintenant)
    if not ouverts.update(fin_le=maintenant):
        raise StructureRefusee("Ce lieu n’est déjà plus rattaché.")
    _tracer_membre(acteur, "structure.membre_retire", rattachement)


def _tracer_membre(acteur: Compte, verbe: str, rattachement: Rattachement) -> None:
    tracer(
        acteur=acteur, verbe=verbe, objet=f"structure:{rattachement.structure_id}", lieu=rattachement.lieu_id
    )


# --- Points fixes -----------------------------------------------------------


@transaction.atomic
def enregistrer_point_fixe(
    *, structure: Structure, lieu: LieuExercice | None, saisie: Mapping[str, Any], acteur: Compte
) -> LieuExercice:
    """Crée ou modifie un point fixe ; l’adresse est située, à défaut le centre de la commune."""
    commune: Commune = saisie["commune"]
    verbe = "lieu.cree" if lieu is None else "lieu.modifie"
    if lieu is None:
        lieu = LieuExercice(structure=structure, source=SourceLieu.SAISIE, cle=f"saisie-{uuid.uuid4()}")
        lieu.siret, lieu.finess = structure.siret, structure.finess or ""
    else:
        lieu = LieuExercice.objects.select_for_update(of=("self",)).get(pk=lieu.pk)
    place = _situer(saisie["adresse"], saisie["code_postal"], commune)
    lieu.nom, lieu.adresse, lieu.code_postal = saisie["nom"], saisie["adresse"], saisie["code_postal"]
    lieu.commune, lieu.telephone = commune, saisie["telephone"]
    lieu.lat, lieu.lon, lieu.precision_geo = place.lat, place.lon, place.precision
    lieu.fuseau = fuseau_de(commune.pk, commune.departement.fuseau)
    lieu.save()
    tracer(acteur=acteur, verbe=verbe, objet=f"lieu:{lieu.pk}", structure=structure.pk)
    return lieu


@transaction.atomic
def activer_point_fixe(*, lieu: LieuExercice, actif: bool, acteur: Compte) -> None:
    """Un point fixe fermé ne paraît plus dans la recherche ; son agenda est gardé."""
    if LieuExercice.objects.filter(pk=lieu.pk, est_actif=not actif).update(est_actif=actif):
        tracer(
            acteur=acteur,
            verbe="lieu.rouvert" if actif else "lieu.ferme",
            objet=f"lieu:{lieu.pk}",
            structure=lieu.structure_id,
        )


def _situer(adresse: str, code_postal: str, commune: Commune) -> LieuTrouve:
    for lieu in geocoder(f"{adresse} {code_postal} {commune.nom}"):
        if lieu.code_insee == commune.pk:
            return lieu
    return par_commune(commune.pk)


def _verrouiller(structure: Structure) -> Structure:
    return Structure.objects.select_for_update(of=("self",)).get(pk=structure.pk)
