"""Copie des données d’une personne, toutes applications réunies (RGPD, articles 15 et 20)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Prefetch, QuerySet

from agenda.models import GesteAgenda, ImportPlanning, LienCalendrier
from annuaire.models import Delegation, DemandeDelegation, Perimetre
from assistance.models import Echange, Ticket
from comptes.models import Compte, Trace
from orientation.models import IssueOrientation
from participation.models import VersionParticipation
from sas_platform.mes_donnees import regulation, schema
from sas_platform.mes_donnees.fiche import copier, fiche, issues_de
from sas_platform.mes_donnees.historique import fiche_de, objets_concernant, presenter


def construire(compte: Compte, *, maintenant: datetime) -> schema.Export:
    """L’export entier ; le nombre de requêtes ne dépend pas de celui des lignes."""
    effecteur = fiche_de(compte).select_related("profession").first()
    objets = objets_concernant(compte)
    return schema.Export(
        version=schema.VERSION,
        produit_le=maintenant,
        compte=_identite(compte),
        roles=_roles(compte),
        conditions_acceptees=[
            schema.Acceptation(version=acceptation.version.numero, le=acceptation.le)
            for acceptation in compte.acceptations_cgu.select_related("version").order_by("pk")
        ],
        jetons=_jetons(compte),
        delegations_recues=_delegations(Delegation.objects.filter(delegataire=compte)),
        delegations_donnees=_delegations(
            Delegation.objects.filter(effecteur=effecteur, effecteur__isnull=False)
        ),
        demandes_de_delegation=_demandes_de_delegation(compte),
        demandes_d_assistance=_demandes(compte),
        courriels=[
            copier(schema.Courriel, courriel, etat=courriel.get_etat_display())
            for courriel in compte.courriels.order_by("pk")
        ],
        effecteur=fiche(effecteur) if effecteur else None,
        orientations_decidees=regulation.orientations_decidees(compte),
        redirections=regulation.departs(compte),
        appels_passes=regulation.appels_passes(compte),
        places_tenues=regulation.places_tenues(compte),
        annulations_decidees=regulation.annulations_decidees(compte),
        issues_dites=issues_de(
            IssueOrientation.objects.filter(acteur=compte).select_related("orientation").order_by("pk")
        ),
        notes_de_releve=regulation.notes_de_releve(compte),
        declarations_de_structures=[
            copier(schema.DeclarationDeStructure, version, structure=str(version.structure))
            for version in VersionParticipation.objects.filter(auteur=compte, structure__isnull=False)
            .select_related("structure")
            .order_by("pk")
        ],
        gestes_sur_les_agendas=[
            copier(schema.GesteAgenda, geste, lieu=geste.lieu_id)
            for geste in GesteAgenda.objects.filter(auteur=compte)
            .only("lieu_id", "le", "libelle", "annule_le")
            .order_by("pk")
        ],
        plannings_importes=[
            copier(schema.ImportPlanning, planning)
            for planning in ImportPlanning.objects.filter(auteur=compte).defer("lignes").order_by("pk")
        ],
        liens_de_calendrier=[
            copier(schema.LienCalendrier, lien, lieu=lien.lieu_id)
            for lien in LienCalendrier.objects.filter(compte=compte).order_by("pk")
        ],
        comptes_chez_les_editeurs=regulation.comptes_chez_les_editeurs(compte),
        actes_sur_mes_donnees=_actes(Trace.objects.filter(objet__in=objets), compte),
        mes_autres_actes=_actes(Trace.objects.filter(acteur=compte).exclude(objet__in=objets), compte),
    )


def _identite(compte: Compte) -> schema.Identite:
    return copier(
        schema.Identite,
        compte,
        numero=compte.pk,
        carte_cpx=compte.numero_cpx,
        actif=compte.is_active,
        derniere_connexion_le=compte.last_login,
        adresse_en_echec_depuis=compte.courriel_rejete_le,
    )


def _roles(compte: Compte) -> list[schema.Role]:
    perimetres: dict[int, list[schema.Perimetre]] = defaultdict(list)
    siens = Perimetre.objects.filter(habilitation__compte=compte).select_related("territoire", "structure")
    for perimetre in siens.order_by("pk"):
        perimetres[perimetre.habilitation_id].append(
            schema.Perimetre(
                territoire=perimetre.territoire.nom if perimetre.territoire else None,
                structure=perimetre.structure.nom if perimetre.structure else None,
                depuis=perimetre.debut_le,
                jusqu_au=perimetre.fin_le,
            )
        )
    return [
        schema.Role(
            role=habilitation.get_role_display(),
            depuis=habilitation.debut_le,
            jusqu_au=habilitation.fin_le,
            perimetres=perimetres[habilitation.pk],
        )
        for habilitation in compte.habilitations.order_by("pk")
    ]


def _jetons(compte: Compte) -> list[schema.Jeton]:
    return [
        copier(schema.Jeton, jeton, numero=jeton.pk, portees=list(jeton.portees))
        for jeton in compte.jetons.order_by("pk")
    ]


def _delegations(delegations: QuerySet[Delegation]) -> list[schema.Delegation]:
    return [
        copier(
            schema.Delegation,
            delegation,
            numero=delegation.pk,
            titulaire=str(delegation.effecteur or delegation.structure),
            delegataire=str(delegation.delegataire),
            depuis=delegation.debut_le,
            jusqu_au=delegation.fin_le,
        )
        for delegation in delegations.select_related("effecteur", "structure", "delegataire").order_by("pk")
    ]


def _demandes_de_delegation(compte: Compte) -> list[schema.DemandeDelegation]:
    return [
        copier(schema.DemandeDelegation, demande, numero=demande.pk, etat=demande.get_etat_display())
        for demande in DemandeDelegation.objects.filter(demandeur=compte).order_by("pk")
    ]


def _demandes(compte: Compte) -> list[schema.Demande]:
    publics = Echange.objects.filter(est_interne=False).order_by("pk")
    tickets = Ticket.objects.filter(auteur=compte).select_related("theme").order_by("pk")
    return [
        copier(
            schema.Demande,
            ticket,
            theme=ticket.theme.libelle,
            etat=ticket.get_etat_display(),
            messages=[
                schema.Message(le=echange.le, texte=echange.texte, de_vous=echange.auteur_id == compte.pk)
                for echange in ticket.echanges.all()
            ],
            fichiers=[piece.nom for piece in ticket.pieces.all()],
        )
        for ticket in tickets.prefetch_related(Prefetch("echanges", queryset=publics), "pieces")
    ]


def _actes(traces: QuerySet[Trace], compte: Compte) -> list[schema.Acte]:
    lignes: Iterable[Trace] = traces.select_related("acteur").order_by("pk")
    return [
        schema.Acte(le=ligne.le, qui=ligne.qui, roles=ligne.roles, acte=ligne.acte, objet=ligne.objet)
        for ligne in presenter(lignes, compte)
    ]
