"""Les tableaux de bord : le sien, celui d’un professionnel pour qui l’on agit, celui d’une structure."""

from __future__ import annotations

from datetime import datetime
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
from agenda.tableau.acces import champ_de, effecteur_connecte, regle_la_participation, structure_tenue
from agenda.tableau.droits import bandeau, droit_de
from agenda.tableau.forms import RechercheForm
from annuaire.champs import Champ, lieux_du, structures_du
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
        effecteur = get_object_or_404(Effecteur.objects.select_related("profession"), pk=mien.effecteur)
        return _tableau(request, mien, effecteur, maintenant)
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
    effecteur = get_object_or_404(Effecteur.objects.select_related("profession"), pk=effecteur_id)
    if mien.effecteur != effecteur.pk:
        if not lectures.lieux_de(mien, effecteur.pk, instant=maintenant).exists():
            raise Http404
        tracer_lecture(acteur=request.user, verbe="effecteur.lu", objet=f"effecteur:{effecteur.pk}")
    return _tableau(request, mien, effecteur, maintenant)


def _tableau(
    request: RequeteDeCompte, mien: Champ, effecteur: Effecteur, maintenant: datetime
) -> HttpResponse:
    est_le_sien = mien.effecteur == effecteur.pk
    participation = participation_de(effecteur)
    declaration = _declaration(participation)
    cartes = lectures.cartes(lectures.lieux_de(mien, effecteur.pk, instant=maintenant), maintenant)
    contexte: dict[str, Any] = {
        "effecteur": effecteur,
        "est_le_sien": est_le_sien,
        "agit_aussi_pour_d_autres": est_le_sien and bool(mien.delegations or mien.structures),
        "cartes": cartes,
        "participation": participation,
        "declaration": declaration,
    }
    if cartes and est_le_sien:
        contexte |= {"resume": _resume(declaration), "bandeau": bandeau(declaration)}
        contexte["droit"] = droit_de(declaration, participation, maintenant)
    if cartes and (est_le_sien or lectures.tient_tous_les_lieux(mien, effecteur.pk, instant=maintenant)):
        fuseau = ZoneInfo(cartes[0].lieu.fuseau)
        contexte["jauges"] = heures.jauges_de(effecteur, heures.semaines_a_venir(maintenant, fuseau))
    return render(request, "tableau/tableau.html", contexte)


def _declaration(participation: Participation | None) -> Declaration:
    # Le nombre de lieux rattachés n’entre ni dans le résumé, ni dans le droit.
    return participation.declaration(lieux_rattaches=0) if participation else Declaration()


def _resume(declaration: Declaration) -> list[tuple[str, bool]]:
    """Le résumé des paramètres, et si chacun est actif (P-13)."""
    affiches = declaration.editeur_admis
    return [
        ("Participation au SAS", declaration.participe),
        ("Créneaux éditeurs affichés" if affiches else "Créneaux éditeurs non affichés", affiches),
        ("Forfait de réorientation", declaration.forfait_reorientation),
    ]


@never_cache
@require_safe
def structure(request: RequeteDeCompte, structure_id: int) -> HttpResponse:
    maintenant = timezone.now()
    mien = champ_de(request, maintenant)
    vue = structure_tenue(mien, structure_id)
    siens = lieux_du(mien, instant=maintenant).filter(structure=vue, effecteur=None, est_actif=True)
    membres = Paginator(lectures.membres_de(vue, mien, instant=maintenant), PAR_PAGE)
    page = membres.get_page(request.GET.get("page"))
    savoir_faire = lectures.libelles_des_savoir_faire()
    contexte: dict[str, Any] = {
        "structure": vue,
        "cartes": lectures.cartes(siens, maintenant),
        "membres": page,
        "lignes": [
            (membre, sorted({savoir_faire[code] for code in membre.savoir_faire if code in savoir_faire}))
            for membre in page
        ],
        "est_cpts": vue.type == TypeStructure.CPTS,
        "est_sos": vue.type == TypeStructure.SOS,
        "regle": regle_la_participation(mien, vue),
    }
    reglages = ParticipationStructure.objects.filter(structure=vue).first()
    contexte["reglages"] = reglages
    if reglages and reglages.participe:
        lundis = heures.semaines_a_venir(maintenant, _PARIS)
        semaines = heures.semaines_des_structures([vue.pk], lundis).get(vue.pk, [])
        contexte["jauges"] = heures.jauges(semaines, heures.seuils_des_structures([reglages])[vue.pk])
    return render(request, "tableau/structure.html", contexte)


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
