"""La semaine et le jour d’un lieu : à lire, à imprimer, à changer d’un geste."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from csp.constants import NONCE
from csp.decorators import csp_update
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from agenda.models import GesteAgenda
from agenda.pages.acces import (
    VUES,
    accomplir,
    contexte_du_lieu,
    est_le_sien,
    jour_voulu,
    lieu_tenu,
    lieux_tenus,
    lieux_voisins,
    refuse_si_ferme,
    vers_l_agenda,
)
from agenda.saisie import fermetures, semaines
from agenda.saisie.journal import RetourImpossible
from agenda.saisie.journal import annuler as annuler_le_geste
from agenda.saisie.lectures import Jour, Occurrence, agenda_saisi_ouvert, dernier_geste, lire_jours
from annuaire.models import LieuExercice
from comptes.requetes import RequeteDeCompte
from sas_platform.socle.francais import heure


# FullCalendar pose sa feuille de style dans la page, avec sa police d’icônes : le nonce l’admet, elle seule.
@csp_update({"style-src": [NONCE], "font-src": ["data:"]})  # type: ignore[arg-type]
@never_cache
@require_safe
def semaine(request: RequeteDeCompte, lieu_id: int) -> HttpResponse:
    """La liste des jours, où tout se fait ; le calendrier la double pour qui a une souris."""
    maintenant = timezone.now()
    tenus = lieux_tenus(request.user, maintenant)
    lieu = lieu_tenu(request, lieu_id, maintenant, tenus=tenus)
    ouvert = agenda_saisi_ouvert(lieu)
    contexte = _periode(request, lieu, maintenant)
    contexte |= {
        "ouvert": ouvert,
        "est_le_sien": est_le_sien(request.user, lieu),
        "voisins": [v for v in lieux_voisins(tenus, lieu) if v.pk != lieu.pk],
        "geste": dernier_geste(lieu, maintenant=maintenant),
        "calendrier": _pour_le_calendrier(lieu, contexte, maintenant, modifiable=ouvert),
    }
    return render(request, "agenda/semaine.html", contexte)


@never_cache
@require_safe
def imprimer(request: RequeteDeCompte, lieu_id: int) -> HttpResponse:
    """La même période sur papier, sans navigation ; aucun nom de patient, la plateforme n’en a pas."""
    maintenant = timezone.now()
    lieu = lieu_tenu(request, lieu_id, maintenant)
    return render(request, "agenda/imprimer.html", _periode(request, lieu, maintenant))


@require_POST
def fermer_aujourd_hui(request: RequeteDeCompte, lieu_id: int) -> HttpResponse:
    """« Plus disponible aujourd’hui », d’un seul geste, ici ou partout ; les patients déjà attendus sont rappelés."""
    maintenant = timezone.now()
    lieu = lieu_tenu(request, lieu_id, maintenant)
    lieux = [lieu]
    if "partout" in request.POST:
        lieux = lieux_voisins(lieux_tenus(request.user, maintenant), lieu) or lieux

    def geste() -> str:
        posees = fermetures.fermer_aujourd_hui(lieux=lieux, auteur=request.user, maintenant=maintenant)
        heures = [
            heure(tenue.debut.astimezone(ZoneInfo(posee.lieu.fuseau)).time())
            for posee in posees
            for tenue in posee.tenues
        ]
        if nombre := len(heures):
            messages.warning(
                request,
                f"{nombre} patient{'s restent attendus' if nombre > 1 else ' reste attendu'} aujourd’hui "
                f"({', '.join(heures)})\u00a0: prévenez la régulation si vous ne pouvez pas les recevoir.",
            )
        ou = f"dans vos {len(posees)}\u00a0lieux d’exercice" if len(posees) > 1 else "dans ce lieu"
        return f"Vous n’êtes plus disponible aujourd’hui {ou}, jusqu’à minuit."

    accomplir(request, geste)
    return vers_l_agenda(request, lieu)


@require_POST
def ce_soir(request: RequeteDeCompte, lieu_id: int) -> HttpResponse:
    """« +1 place ce soir »."""
    maintenant = timezone.now()
    lieu = lieu_tenu(request, lieu_id, maintenant)
    if refus := refuse_si_ferme(request, lieu):
        return refus

    def geste() -> str:
        ligne = semaines.ajouter_une_place_ce_soir(lieu=lieu, auteur=request.user, maintenant=maintenant)
        places = f"{ligne.capacite}\u00a0place{'s' if ligne.capacite > 1 else ''}"
        return f"Une place de plus ce soir\u00a0: {places} de {heure(ligne.heure_debut)} à {heure(ligne.heure_fin)}."

    accomplir(request, geste)
    return vers_l_agenda(request, lieu)


@require_POST
def annuler(request: RequeteDeCompte, lieu_id: int, geste_id: int) -> HttpResponse:
    maintenant = timezone.now()
    lieu = lieu_tenu(request, lieu_id, maintenant)
    geste = get_object_or_404(GesteAgenda.objects.filter(lieu=lieu), pk=geste_id)
    tenus = lieux_tenus(request.user, maintenant)
    try:
        lieux = annuler_le_geste(geste=geste, tenus=tenus, auteur=request.user, maintenant=maintenant)
    except RetourImpossible as impossible:
        messages.error(request, str(impossible))
    else:
        ou = f", dans les {lieux}\u00a0lieux" if lieux > 1 else ""
        messages.success(request, f"«\u00a0{geste.libelle}\u00a0» est annulé{ou}.")
    return vers_l_agenda(request, lieu)


def _periode(request: RequeteDeCompte, lieu: LieuExercice, maintenant: datetime) -> dict[str, Any]:
    """Le dimanche montre encore la semaine en cours : elle finit ce jour-là (W-39)."""
    vue = request.GET.get("vue", "semaine")
    vue = vue if vue in VUES else "semaine"
    jour = jour_voulu(request, lieu, maintenant)
    premier = jour - timedelta(days=jour.weekday()) if vue == "semaine" else jour
    nombre = VUES[vue]
    return contexte_du_lieu(request, lieu, jour) | {
        "vue": vue,
        "jour": jour,
        "aujourd_hui": maintenant.astimezone(ZoneInfo(lieu.fuseau)).date(),
        "jours": lire_jours(lieu, premier, nombre, maintenant=maintenant),
        "avant": premier - timedelta(days=nombre),
        "apres": premier + timedelta(days=nombre),
    }


def _pour_le_calendrier(
    lieu: LieuExercice, contexte: dict[str, Any], maintenant: datetime, *, modifiable: bool
) -> dict[str, Any]:
    """Heures murales du lieu, sans décalage : le fuseau du navigateur n’y change rien."""
    jours: list[Jour] = contexte["jours"]
    suite = "?vue=jour" if contexte["vue"] == "jour" else ""
    evenements: list[dict[str, Any]] = []
    for jour in jours:
        evenements += [
            {
                "start": _mural(f.debut),
                "end": _mural(f.fin),
                "display": "background",
                "title": f.nom,
                "editable": False,
            }
            for f in jour.fermetures
        ]
        for o in jour.occurrences:
            cle = {"lieu_id": lieu.pk, "disponibilite_id": o.disponibilite.pk, "jour": str(o.jour)}
            mobile = modifiable and not o.est_passee
            evenements.append(
                {
                    "title": _titre(o),
                    "start": _mural(o.debut),
                    "end": _mural(o.fin),
                    "editable": mobile,
                    "classNames": [f"sas-evenement--{_etat(o)}"],
                    "url": f"{reverse('agenda:modifier', kwargs=cle)}{suite}" if mobile else "",
                    "deplacer": f"{reverse('agenda:deplacer', kwargs=cle)}{suite}" if mobile else "",
                    "vue_le": o.disponibilite.modifie_le.isoformat(),
                    "est_repetee": bool(o.disponibilite.jours),
                }
            )
    return {
        "evenements": evenements,
        "vue": contexte["vue"],
        "premier": str(jours[0].jour),
        "nombre": len(jours),
        "maintenant": _mural(maintenant.astimezone(ZoneInfo(lieu.fuseau))),
        "modifiable": modifiable,
        "ouvrir": reverse("agenda:ouvrir", kwargs={"lieu_id": lieu.pk}) if modifiable else "",
        "defile": min((o.debut.hour for j in jours for o in j.occurrences), default=8),
    }


def _mural(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:00}"


def _titre(occurrence: Occurrence) -> str:
    places = f"{occurrence.prises} sur {occurrence.disponibilite.capacite}"
    titre = f"{occurrence.disponibilite.get_genre_display()}, {places}\u00a0orientés"
    if occurrence.est_fermee:
        return f"{titre}\u00a0; non montrée\u00a0: {occurrence.cause}"
    # La disponibilité couvre, dans la grille, ce qui la raccourcit : son titre le dit.
    return f"{titre}\u00a0; montrée en partie\u00a0: {occurrence.cause}" if occurrence.est_rognee else titre


def _etat(occurrence: Occurrence) -> str:
    if occurrence.est_passee or occurrence.est_fermee:
        return "eteint"
    return "tenu" if occurrence.prises else "libre"
