"""Créer et modifier un compte."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages as bandeaux
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annuaire.gestion import actions
from annuaire.gestion.forms import Cadre, CompteForm, en_initial
from annuaire.gestion.portee import HorsHierarchie, deborde, geres_par, visibles_par
from annuaire.gestion.saisie import Etat, etat_du_compte
from annuaire.gestion.views.communs import acteur_de, trouver
from comptes.models import Compte

_SEL = "gestion.etat_lu"
_DUREE_S = 8 * 3600  # une session de régulation, la plus longue


@never_cache
@require_http_methods(["GET", "POST"])
def creer(request: HttpRequest) -> HttpResponse:
    acteur, maintenant = acteur_de(request), timezone.now()
    form = CompteForm(request.POST or None, cadre=Cadre.de(acteur, instant=maintenant))
    existant = None
    if form.is_valid():
        try:
            compte = actions.creer(acteur=acteur, saisie=form.saisie(), maintenant=maintenant)
        except actions.CompteRefuse as refus:
            form.poser_refus(refus)
            existant = getattr(refus, "compte", None)
        else:
            bandeaux.success(
                request, f"Compte enregistré. Le courriel de bienvenue part à l’adresse {compte.email}."
            )
            return redirect("gestion:compte", compte_id=compte.pk)
    elif form.email_pris:
        existant = form.email_pris.compte
    if existant and not visibles_par(acteur, instant=maintenant).filter(pk=existant.pk).exists():
        existant = None
    return render(request, "gestion/creer.html", {"form": form, "existant": existant})


@never_cache
@require_http_methods(["GET", "POST"])
def modifier(request: HttpRequest, compte_id: int) -> HttpResponse:
    acteur, maintenant = acteur_de(request), timezone.now()
    compte = trouver(request, geres_par(acteur, instant=maintenant), compte_id)
    cadre = Cadre.de(acteur, instant=maintenant)
    etat = etat_du_compte(compte, acteur, cadre.champ, instant=maintenant)
    lu, changements = etat, []
    form = _formulaire(request.POST or None, compte, cadre, etat)
    if request.method == "POST":
        lu = _etat_signe(request.POST.get("etat_lu", ""), compte) or {}
        # Un état différent passe par l’action même si la saisie est incomplète : le changement se dit d’abord.
        if lu == etat and form.is_valid():
            try:
                actions.modifier(
                    acteur=acteur,
                    compte_id=compte.pk,
                    saisie=form.saisie(),
                    etat_lu=lu,
                    maintenant=maintenant,
                )
            except HorsHierarchie:
                raise Http404 from None
            except actions.EtatChange as refus:
                etat = refus.actuel
            except actions.CompteRefuse as refus:
                form.poser_refus(refus)
            else:
                bandeaux.success(request, "Les modifications sont enregistrées.")
                return redirect("gestion:compte", compte_id=compte.pk)
        if lu != etat:
            changements = decrire_changements(lu, etat, form)
            form = _formulaire(fusionner(request.POST, lu, etat, form), compte, cadre, etat)
            lu = etat
    contexte = {"form": form, "compte": compte, "changements": changements, "etat_lu": _signer(lu, compte)}
    return render(request, "gestion/modifier.html", contexte)


def _formulaire(donnees: Any, compte: Compte, cadre: Cadre, etat: Etat) -> CompteForm:
    form = CompteForm(donnees, cadre=cadre, compte=compte, initial=en_initial(etat))
    if deborde(cadre.acteur, compte, instant=cadre.instant):
        form.geler_l_identite()
    return form


def _signer(etat: Etat, compte: Compte) -> str:
    return signing.dumps({"compte": compte.pk, "etat": etat}, salt=_SEL, compress=True)


def _etat_signe(valeur: str, compte: Compte) -> Etat | None:
    try:
        lu = signing.loads(valeur, salt=_SEL, max_age=_DUREE_S)
    except signing.BadSignature:
        return None
    return lu["etat"] if lu["compte"] == compte.pk else None


def fusionner(saisie: QueryDict, lu: Etat, actuel: Etat, form: CompteForm) -> QueryDict:
    """La saisie, où chaque champ que la personne n’a pas touché prend la valeur d’à présent."""
    fusion = saisie.copy()
    for nom in set(lu) | set(actuel):
        if nom in form.fields and sorted(saisie.getlist(nom)) == _sans_vide(lu.get(nom, []), saisie, nom):
            fusion.setlist(nom, actuel.get(nom, []))
    return fusion


def _sans_vide(valeurs: list[str], saisie: QueryDict, nom: str) -> list[str]:
    """Un champ de texte vide revient comme [""], une liste sans case cochée comme rien."""
    return sorted(valeurs) if valeurs or nom not in saisie else [""]


def decrire_changements(lu: Etat, actuel: Etat, form: CompteForm) -> list[tuple[str, str, str]]:
    """(champ, valeur à l’affichage, valeur à présent), en clair."""
    changements = []
    for nom in form.fields:
        avant, apres = lu.get(nom, []), actuel.get(nom, [])
        if avant != apres:
            libelle = form.fields[nom].label
            role = nom.partition("_")[2] if nom.startswith(("fin_", "territoires_")) else ""
            if role:
                libelle = f"{dict(form.fields['roles'].choices)[role]}, {libelle.lower()}"
            if nom == "structures":
                form.montrer("structures", {int(cle) for cle in (*avant, *apres)})
            noms = {str(cle): texte for cle, texte in getattr(form.fields[nom], "choices", ())}
            changements.append((libelle, _en_clair(avant, noms), _en_clair(apres, noms)))
    return changements


def _en_clair(valeurs: list[str], noms: Mapping[str, str]) -> str:
    return ", ".join(noms.get(valeur, valeur) for valeur in valeurs if valeur) or "rien"
