"""Les tableaux de bord : le sien, celui d’un professionnel pour qui l’on agit, celui d’une structure."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from agenda.domaine.heures import SEUIL
from agenda.eligibilite import lectures as heures
from agenda.models import ReleveHebdomadaire
from agenda.tableau import lectures
from agenda.tableau.acces import (
    PARTICIPENT,
    champ_de,
    effecteur_connecte,
    regle_la_participation,
    structure_tenue,
)
from agenda.tableau.droits import bandeau, droit_de
from agenda.tableau.forms import RechercheForm
from annuaire.champs import Champ, structures_du
from annuaire.enums import TypeStructure
from annuaire.models import Effecteur, Structure
from comptes.actions import tracer_lecture
from comptes.enums import Role
from comptes.requetes import RequeteDeCompte
from participation.domaine.declaration import Declaration
from participation.lectures import participation_de
from participation.models import Participation, ParticipationStructure

PAR_PAGE = 20
RELEVES_MONTRES = 26
_PARIS = ZoneInfo("Europe/Paris")


@never_cache
@require_safe
def accueil(request: RequeteDeCompte) -> HttpResponse:
    """Le sien s’il en a un ; sinon ceux pour qui il agit ; sinon, pourquoi il n’y a rien (B-03)."""
    maintenant = timezone.now()
    mien = champ_de(request, maintenant)
    if mien.effecteur is not None:
        lieux = lectures.lieux_de(mien.effecteur, mien, instant=maintenant)
        return _tableau(request, mien, mien.effecteur, lieux, maintenant)
    if Role.EFFECTEUR in request.user.roles and not (mien.france or mien.delegations or mien.structures):
        return render(request, "tableau/sans_adresse.html")
    return _lies(request, mien, maintenant)


@never_cache
@require_safe
def lies(request: RequeteDeCompte) -> HttpResponse:
    maintenant = timezone.now()
    return _lies(request, champ_de(request, maintenant), maintenant)


def _lies(request: RequeteDeCompte, mien: Champ, maintenant: datetime) -> HttpResponse:
    texte = RechercheForm(request.GET).texte()
    professionnels = Paginator(lectures.professionnels_lies(mien, texte), PAR_PAGE)
    structures = structures_du(mien).filter(est_active=True) if not mien.france else Structure.objects.none()
    contexte = {
        "texte": texte,
        "france": mien.france,
        "professionnels": professionnels.get_page(request.GET.get("page")),
        "structures": structures.select_related("commune").order_by("nom", "pk"),
    }
    return render(request, "tableau/lies.html", contexte)


@never_cache
@require_safe
def professionnel(request: RequeteDeCompte, effecteur_id: int) -> HttpResponse:
    maintenant = timezone.now()
    mien = champ_de(request, maintenant)
    lieux = lectures.lieux_de(effecteur_id, mien, instant=maintenant)
    if mien.effecteur != effecteur_id:
        if not lieux.tenus:
            raise Http404
        minuit = datetime.combine(maintenant.astimezone(_PARIS).date(), time.min, tzinfo=_PARIS)
        tracer_lecture(
            acteur=request.user,
            verbe="effecteur.lu",
            objet=f"effecteur:{effecteur_id}",
            depuis=minuit,
        )
    return _tableau(request, mien, effecteur_id, lieux, maintenant)


def _tableau(
    request: RequeteDeCompte,
    mien: Champ,
    effecteur_id: int,
    lieux: lectures.SesLieux,
    maintenant: datetime,
) -> HttpResponse:
    """Ne montre que les lieux tenus, et les heures à qui les tient tous : elles diraient celles des autres."""
    est_le_sien = mien.effecteur == effecteur_id
    effecteur = next((lieu.effecteur for lieu in lieux.tous if lieu.effecteur), None) or get_object_or_404(
        Effecteur.objects.select_related("profession"), pk=effecteur_id
    )
    participation = participation_de(effecteur)
    declaration = _declaration(participation)
    contexte: dict[str, Any] = {
        "effecteur": effecteur,
        "est_le_sien": est_le_sien,
        "agit_aussi_pour_d_autres": est_le_sien and bool(mien.delegations or mien.structures),
        "participation": participation,
        "declaration": declaration,
    }
    if lieux.tenus:
        lundis = heures.semaines_a_venir(maintenant, ZoneInfo(lieux.tenus[0].fuseau))
        fermetures = heures.fermetures_de([lieu.pk for lieu in lieux.tous], depuis=heures.veille_de(lundis))
        contexte["cartes"] = lectures.cartes(lieux.tenus, fermetures, maintenant)
        if est_le_sien:
            contexte |= {"resume": _resume(declaration), "bandeau": bandeau(declaration)}
            contexte["droit"] = droit_de(declaration, participation, maintenant)
        if lieux.tenus == lieux.tous:
            contexte["jauges"] = heures.jauges_de_l_effecteur(lieux.tous, fermetures, lundis)
    return render(request, "tableau/tableau.html", contexte)


def _declaration(participation: Participation | None) -> Declaration:
    # Le nombre de lieux rattachés n’entre ni dans le résumé, ni dans le droit.
    return participation.declaration(lieux_rattaches=0) if participation else Declaration()


def _resume(declaration: Declaration) -> list[tuple[str, bool]]:
    """Le résumé des paramètres, et si chacun est actif (P-13)."""
    affiches = declaration.editeur_admis
    return [
        ("Participation au SAS", declaration.participe),
        ("Affichage des créneaux de votre logiciel", affiches),
        ("Forfait de réorientation", declaration.forfait_reorientation),
    ]


@never_cache
@require_safe
def structure(request: RequeteDeCompte, structure_id: int) -> HttpResponse:
    maintenant = timezone.now()
    mien = champ_de(request, maintenant)
    vue = structure_tenue(mien, structure_id)
    lieux = lectures.lieux_de_la_structure(vue, mien, instant=maintenant)
    lundis = heures.semaines_a_venir(maintenant, _PARIS)
    fermetures = heures.fermetures_de([lieu.pk for lieu in lieux], depuis=heures.veille_de(lundis))
    # Le tri des membres les calcule tous : les compter à part coûterait une seconde fois le même travail.
    membres: list[Any] = list(lectures.membres_de(vue, mien, instant=maintenant))
    page = Paginator(membres, PAR_PAGE).get_page(request.GET.get("page"))
    de_la_structure = [lieu for lieu in lieux if lieu.effecteur_id is None]
    contexte: dict[str, Any] = {
        "structure": vue,
        "cartes": lectures.cartes(de_la_structure, fermetures, maintenant),
        "membres": page,
        "est_cpts": vue.type == TypeStructure.CPTS,
        "est_sos": vue.type == TypeStructure.SOS,
        "regle": regle_la_participation(mien, vue),
    }
    reglages = _reglages(vue)
    par_praticien: dict[int, list[heures.Jauge]] = {}
    if reglages and reglages.participe:
        seuil = heures.seuil_de_structure(reglages)
        lues = heures.jauges_de_la_structure(lieux, fermetures, lundis, seuil=seuil)
        contexte["jauges"] = lues.ensemble
        par_praticien = lues.par_praticien if vue.type == TypeStructure.CDS else {}
    contexte["reglages"] = reglages
    contexte["lignes"] = [
        (membre, par_praticien.get(membre.pk, []) if membre.est_generaliste else []) for membre in page
    ]
    return render(request, "tableau/structure.html", contexte)


def _reglages(structure: Structure) -> ParticipationStructure | None:
    """Seuls un centre de santé et une association SOS Médecins en ont (P-21)."""
    if structure.type not in PARTICIPENT:
        return None
    return heures.avec_medecins(ParticipationStructure.objects.filter(structure=structure)).first()


@never_cache
@require_safe
def releves(request: RequeteDeCompte) -> HttpResponse:
    """Les semaines écoulées, telles que relevées : la preuve, que l’effecteur lit aussi."""
    effecteur = effecteur_connecte(request, timezone.now())
    if effecteur is None:
        return redirect("tableau:accueil")
    lignes = ReleveHebdomadaire.objects.filter(effecteur=effecteur).order_by("-semaine", "-pk")
    jauges = [
        heures.Jauge(ligne.semaine, ligne.minutes, ligne.seuil_min) for ligne in lignes[:RELEVES_MONTRES]
    ]
    contexte = {"jauges": jauges, "seuil": heures.en_heures(heures.en_minutes(SEUIL))}
    return render(request, "tableau/releves.html", contexte)
