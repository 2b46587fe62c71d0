"""Ouvrir, modifier, déplacer, supprimer : le calendrier et la liste mènent aux mêmes actions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from agenda.domaine.phrases import repetition
from agenda.enums import Portee
from agenda.models import Disponibilite
from agenda.pages.acces import contexte_du_lieu, jour_de, lieu_tenu, refuse_si_ferme, vers_l_agenda
from agenda.pages.forms.saisie import (
    DeplacementForm,
    ModificationForm,
    RetraitForm,
    SaisieForm,
    valeurs_de,
    valeurs_proposees,
)
from agenda.saisie import actions
from agenda.saisie.actions import Bilan, DisponibiliteChangee, OccurrenceTenue, SaisieRefusee
from agenda.saisie.lectures import avertissements, dernier_geste, lire_jours, lire_une_occurrence
from annuaire.models import LieuExercice
from comptes.requetes import RequeteDeCompte
from sas_platform.socle.francais import jour_long


@never_cache
@require_http_methods(["GET", "POST"])
def ouvrir(request: RequeteDeCompte, lieu_id: int) -> HttpResponse:
    maintenant = timezone.now()
    lieu = lieu_tenu(request, lieu_id, maintenant)
    if refus := refuse_si_ferme(request, lieu):
        return refus
    fuseau = ZoneInfo(lieu.fuseau)
    proposees = valeurs_proposees(request.GET, maintenant.astimezone(fuseau))
    form = SaisieForm(request.POST or None, initial=proposees, maintenant=maintenant, fuseau=fuseau)
    if form.is_valid() and form.admet(avertissements(lieu, form.saisie(), maintenant=maintenant)):
        try:
            bilan = actions.ouvrir(
                lieu=lieu, saisie=form.saisie(), auteur=request.user, maintenant=maintenant
            )
        except SaisieRefusee as refusee:
            form.refuser(refusee.refus)
        else:
            messages.success(request, _ouvertes(bilan))
            return vers_l_agenda(request, lieu, form.saisie().premier_jour)
    return render(request, "agenda/ouvrir.html", contexte_du_lieu(request, lieu) | {"form": form})


@never_cache
@require_http_methods(["GET", "POST"])
def modifier(request: RequeteDeCompte, lieu_id: int, disponibilite_id: int, jour: str) -> HttpResponse:
    maintenant = timezone.now()
    lieu = lieu_tenu(request, lieu_id, maintenant)
    if refus := refuse_si_ferme(request, lieu):
        return refus
    le = jour_de(jour)
    occurrence = lire_une_occurrence(lieu, disponibilite_id, le, maintenant=maintenant)
    if request.method != "POST" and occurrence is None:
        raise Http404
    form = ModificationForm(
        request.POST or None,
        initial=valeurs_de(occurrence) if occurrence else None,
        est_repetee=bool(occurrence and occurrence.disponibilite.jours) or "portee" in request.POST,
        maintenant=maintenant,
        fuseau=ZoneInfo(lieu.fuseau),
    )
    return _modifier(request, lieu, disponibilite_id, le, form, maintenant)


@require_POST
def deplacer(request: RequeteDeCompte, lieu_id: int, disponibilite_id: int, jour: str) -> HttpResponse:
    """Un glisser du calendrier : la modification de deux heures et d’un jour, par le même chemin.

    Rien n’est demandé avant : ce qu’il y a à savoir se dit après, avec de quoi revenir en arrière.
    """
    maintenant = timezone.now()
    lieu = lieu_tenu(request, lieu_id, maintenant)
    if refus := refuse_si_ferme(request, lieu):
        return refus
    le = jour_de(jour)
    voulu = DeplacementForm(request.POST)
    occurrence = lire_une_occurrence(lieu, disponibilite_id, le, maintenant=maintenant)
    if occurrence is None or not voulu.is_valid():
        messages.error(
            request, "Ce déplacement n’a pas pu être lu, ou l’agenda a changé\u00a0: rien n’est modifié."
        )
        return vers_l_agenda(request, lieu, le)
    donnees = valeurs_de(occurrence) | {nom: valeur for nom, valeur in voulu.cleaned_data.items() if valeur}
    donnees["jours"] = _jours_deplaces(donnees["jours"], le, voulu.cleaned_data["premier_jour"])
    form = ModificationForm(
        donnees,
        est_repetee=bool(occurrence.disponibilite.jours),
        maintenant=maintenant,
        fuseau=ZoneInfo(lieu.fuseau),
    )
    return _modifier(request, lieu, disponibilite_id, le, form, maintenant, d_un_geste=True)


@never_cache
@require_http_methods(["GET", "POST"])
def retirer(request: RequeteDeCompte, lieu_id: int, disponibilite_id: int, jour: str) -> HttpResponse:
    maintenant = timezone.now()
    lieu = lieu_tenu(request, lieu_id, maintenant)
    if refus := refuse_si_ferme(request, lieu):
        return refus
    le = jour_de(jour)
    occurrence = lire_une_occurrence(lieu, disponibilite_id, le, maintenant=maintenant)
    if occurrence is None:
        if request.method != "POST":
            raise Http404
        messages.warning(request, str(DisponibiliteChangee(None)))
        return vers_l_agenda(request, lieu, le)
    form = RetraitForm(
        request.POST or None,
        initial=valeurs_de(occurrence),
        est_repetee=bool(occurrence.disponibilite.jours),
    )
    if form.is_valid():
        try:
            bilan = actions.retirer(
                lieu=lieu,
                disponibilite_id=disponibilite_id,
                jour=le,
                portee=form.portee_choisie,
                auteur=request.user,
                maintenant=maintenant,
                vue_le=form.cleaned_data["vue_le"],
            )
        except (SaisieRefusee, OccurrenceTenue) as refusee:
            form.add_error(None, str(refusee))
        except DisponibiliteChangee as changee:
            messages.warning(request, str(changee))
            return vers_l_agenda(request, lieu, le)
        else:
            messages.success(request, "La disponibilité est supprimée." + _conservees(bilan, lieu))
            return vers_l_agenda(request, lieu, le)
    contexte = contexte_du_lieu(request, lieu, le) | {
        "form": form,
        "occurrence": occurrence,
        "nom_du_jour": jour_long(le),
    }
    return render(request, "agenda/retirer.html", contexte)


def _modifier(
    request: RequeteDeCompte,
    lieu: LieuExercice,
    disponibilite_id: int,
    jour: date,
    form: ModificationForm,
    maintenant: datetime,
    *,
    d_un_geste: bool = False,
) -> HttpResponse:
    contexte: dict[str, Any] = {
        "form": form,
        "nom_du_jour": jour_long(jour),
        "jour": jour,
        "adresse": _avec_la_vue(request, reverse("agenda:modifier", args=[lieu.pk, disponibilite_id, jour])),
    }
    if form.is_valid():
        saisie, portee = form.saisie(), form.portee_choisie
        try:
            # D’abord ce que l’autre fenêtre a changé : les mises en garde en dépendent.
            actions.inchangee(lieu, disponibilite_id, form.cleaned_data["vue_le"])
            gardes = avertissements(
                lieu,
                saisie,
                maintenant=maintenant,
                remplacee=disponibilite_id,
                ce_jour=jour if portee is Portee.CETTE else None,
            )
            if d_un_geste or form.admet(gardes):
                bilan = actions.modifier(
                    lieu=lieu,
                    disponibilite_id=disponibilite_id,
                    jour=jour,
                    portee=portee,
                    saisie=saisie,
                    auteur=request.user,
                    maintenant=maintenant,
                    vue_le=form.cleaned_data["vue_le"],
                    deplacer=form.cleaned_data["prevenue"],
                )
                messages.success(request, "La disponibilité est modifiée." + _conservees(bilan, lieu))
                for garde in gardes if d_un_geste else ():
                    messages.warning(request, garde)
                return vers_l_agenda(
                    request, lieu, saisie.premier_jour if portee is not Portee.TOUTES else jour
                )
        except SaisieRefusee as refusee:
            form.refuser(refusee.refus)
        except OccurrenceTenue as tenue:
            contexte["tenue"] = tenue
        except DisponibiliteChangee as changee:
            contexte |= _ce_qui_a_change(request, lieu, jour, changee.actuelle, form, maintenant)
    return render(request, "agenda/modifier.html", contexte_du_lieu(request, lieu, jour) | contexte)


def _avec_la_vue(request: RequeteDeCompte, adresse: str) -> str:
    """Le formulaire garde la vue d’où l’on vient, pour y revenir."""
    return f"{adresse}?vue=jour" if request.GET.get("vue") == "jour" else adresse


def _ce_qui_a_change(
    request: RequeteDeCompte,
    lieu: LieuExercice,
    jour: date,
    actuelle: Disponibilite | None,
    form: ModificationForm,
    maintenant: datetime,
) -> dict[str, Any]:
    """Ce que l’occurrence est devenue ; ce qui est tapé reste, prêt à être enregistré en connaissance de cause."""
    contexte: dict[str, Any] = {
        "changee": True,
        "le_jour": lire_jours(lieu, jour, 1, maintenant=maintenant)[0],
        "geste": dernier_geste(lieu, maintenant=maintenant),
    }
    if actuelle is not None and actuelle.regle(lieu.fuseau).prevoit(jour):
        form.retenir("vue_le", actuelle.modifie_le.isoformat())
        return contexte | {"actuelle": actuelle, "repetition": repetition(actuelle.regle(lieu.fuseau))}
    # L’occurrence n’existe plus : les mêmes valeurs peuvent en ouvrir une nouvelle.
    return contexte | {"adresse": _avec_la_vue(request, reverse("agenda:ouvrir", args=[lieu.pk]))}


def _jours_deplaces(jours: list[str], avant: date, apres: date) -> list[str]:
    """D’une série, seul le jour déplacé change ; les autres restent."""
    if not jours:
        return jours
    return sorted({str(apres.isoweekday()) if jour == str(avant.isoweekday()) else jour for jour in jours})


def _ouvertes(bilan: Bilan) -> str:
    nombre = len(bilan.lignes)
    if nombre == 1:
        return "La disponibilité est ouverte."
    return f"{nombre}\u00a0disponibilités sont ouvertes."


def _conservees(bilan: Bilan, lieu: LieuExercice) -> str:
    if not bilan.conservees:
        return ""
    fuseau = ZoneInfo(lieu.fuseau)
    jours = ", ".join(f"{debut.astimezone(fuseau):%d/%m/%Y}" for debut in bilan.conservees)
    return f" Des patients y sont déjà orientés\u00a0: ces jours-là n’ont pas changé ({jours})."
