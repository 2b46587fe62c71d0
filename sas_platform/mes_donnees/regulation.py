"""Ce qu’une personne a fait pour la régulation : orientations, départs, appels, places tenues, notes."""

from __future__ import annotations

from agenda.models import CopieRegulateur, Tenue
from comptes.models import Compte
from orientation.models import Annulation, Appel, NoteReleve, Orientation, Redirection
from sas_platform.mes_donnees import schema
from sas_platform.mes_donnees.fiche import copier


def orientations_decidees(compte: Compte) -> list[schema.OrientationDecidee]:
    return [
        schema.OrientationDecidee(
            lieu=orientation.lieu_id,
            type=orientation.get_type_display(),
            debut=orientation.debut,
            enregistree_le=orientation.prise_le,
            annulee_le=orientation.annulee_le,
        )
        for orientation in Orientation.objects.filter(acteur=compte).order_by("pk")
    ]


def departs(compte: Compte) -> list[schema.Redirection]:
    return [
        schema.Redirection(lieu=depart.lieu_id, editeur=depart.editeur.nom, le=depart.le)
        for depart in Redirection.objects.filter(acteur=compte).select_related("editeur").order_by("pk")
    ]


def appels_passes(compte: Compte) -> list[schema.AppelPasse]:
    return [
        schema.AppelPasse(
            lieu=appel.lieu_id,
            le=appel.le,
            issue=appel.get_issue_display(),
            motif=appel.motif.libelle if appel.motif else None,
        )
        for appel in Appel.objects.filter(acteur=compte).select_related("motif").order_by("pk")
    ]


def places_tenues(compte: Compte) -> list[schema.PlaceTenue]:
    return [
        schema.PlaceTenue(lieu=tenue.disponibilite.lieu_id, debut=tenue.debut, expire_le=tenue.expire_le)
        for tenue in Tenue.objects.filter(compte=compte).select_related("disponibilite")
    ]


def annulations_decidees(compte: Compte) -> list[schema.AnnulationDecidee]:
    return [
        schema.AnnulationDecidee(
            orientation=str(annulation.orientation.uuid),
            motif=annulation.get_motif_display(),
            le=annulation.le,
        )
        for annulation in Annulation.objects.filter(acteur=compte)
        .select_related("orientation")
        .order_by("pk")
    ]


def notes_de_releve(compte: Compte) -> list[schema.NoteReleve]:
    return [
        copier(schema.NoteReleve, note, territoire=note.territoire.nom)
        for note in NoteReleve.objects.filter(auteur=compte).select_related("territoire").order_by("pk")
    ]


def comptes_chez_les_editeurs(compte: Compte) -> list[schema.CompteChezEditeur]:
    return [
        schema.CompteChezEditeur(
            editeur=copie.editeur.nom,
            identifiant=copie.identifiant,
            actif=copie.peut_etre_active,
            recu_le=copie.acquittee_le,
        )
        for copie in CopieRegulateur.objects.filter(compte=compte).select_related("editeur").order_by("pk")
        if copie.acquittee_le
    ]
