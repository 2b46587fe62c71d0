"""Les résultats d’une recherche : listes, filtres, cartes, et ce que l’on peut relâcher."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agenda.lectures import places_de_marche
from agenda.qualite.suspensions import suspendus_pour
from comptes.droits import peut
from comptes.enums import Action
from orientation import carnet, echelle, facettes, rendu
from orientation.affinage import AffinageForm
from orientation.compteurs.prise import d_une_page
from orientation.forms import RAYON_MAX_KM, PageForm
from orientation.lectures import FORFAIT, Page, Resultats, recherche_lancee
from orientation.montrees import suivre
from orientation.rendu.page import assembler, ecrire
from orientation.requetes import RequeteDeCompte
from orientation.suivi.lectures import signaux
from orientation.suivi.rendu import place_tenue
from orientation.views.csp import vers_les_editeurs

CARTES_PAR_PAGE = 10
CADRE, TROUVES = "orientation/resultats.html", "orientation/resultats/_trouves.html"


@require_http_methods(["GET", "POST"])
@never_cache
@vers_les_editeurs
def resultats(request: RequeteDeCompte, jeton: str) -> HttpResponse:
    """Une page de résultats ; POST affine la recherche, qui reçoit un autre jeton."""
    demande = carnet.retrouver(request.session, jeton)
    if demande is None:
        messages.info(request, "Cette recherche n’est plus disponible. Lancez-la de nouveau.")
        return redirect("orientation:recherche")
    if request.method == "POST":
        affinage = AffinageForm(request.POST, demande=demande, jeton=jeton)
        if affinage.is_valid():
            jeton = carnet.garder(request.session, affinage.affinee())
        else:
            messages.error(request, f"Ce filtre n’a pas été compris. Le rayon va de 1 à {RAYON_MAX_KM} km.")
        return redirect("orientation:resultats", jeton=jeton)
    listes = facettes.listes_de(request.user)
    if demande.disponibilite not in listes:
        demande = demande.avec(disponibilite=listes[0])
        carnet.remplacer(request.session, jeton, demande)
    maintenant = timezone.now()
    page = _page_demandee(request, demande)
    oriente = peut(request.user, Action.ORIENTER)
    with recherche_lancee(
        demande.criteres(request.user.pk if oriente else None), page, maintenant=maintenant
    ) as trouves:
        commun = {
            "recherche": demande,
            "jeton": jeton,
            "oriente": oriente,
            "maintenant": maintenant,
            "csrf_token": get_token(request),
        }
        cadre = ecrire(CADRE, commun | {"page": page.numero}, request)
    lus = trouves()
    if lus.page != page.numero:  # au-delà de la dernière, c’est elle que l’on montre
        cadre = ecrire(CADRE, commun | {"page": lus.page}, request)
    suivre(lus, d_une_page(request.user.pk, demande), maintenant)
    marches = echelle.marches(demande, lus, listes=listes, maintenant=maintenant)
    contexte = commun | _contexte(request, demande, lus) | _listes(request, demande, jeton, lus, maintenant)
    contexte |= {
        "marches": [marche for marche in marches if marche.mene],
        "vaines": [marche for marche in marches if not marche.mene],
        "gardee": place_tenue(lus.gardee, maintenant) if lus.gardee else None,
    }
    return HttpResponse(assembler(cadre, ecrire(TROUVES, contexte)))


def _page_demandee(request: RequeteDeCompte, demande: carnet.Recherche) -> Page:
    page = PageForm(request.GET)
    return Page(
        page.numero(),
        CARTES_PAR_PAGE,
        # Compter chaque filtre lit les créneaux de toute la zone : seulement pour qui les ouvre.
        facettes=bool(facettes.puces(demande)) or page.ouvre_les_filtres(),
        apres=page.apres(),
    )


def _contexte(request: RequeteDeCompte, demande: carnet.Recherche, lus: Resultats) -> dict[str, Any]:
    vend = peut(request.user, Action.ORIENTER) and lus.page >= lus.pages
    return {
        "resultats": lus,
        "places_de_marche": places_de_marche() if vend else [],
        "suspendus": suspendus_pour(lus.lieu_ids),
        "onglets": facettes.onglets(request.user, demande, lus),
        "categories": facettes.categories(demande, lus),
        "puces": facettes.puces(demande),
        "plus_large_km": plus_large if (plus_large := demande.rayon_elargi(1)) > demande.rayon_km else None,
        "rayon_max_km": RAYON_MAX_KM,
        "cherche_un_creneau": demande.criteres().demande_un_creneau,
        "pages": pages_a_montrer(lus.page, lus.pages),
        "dernier": lus.offres[-1].lieu.id if lus.offres else "",
        "a_precedente": lus.page > 1,
        "a_suivante": lus.page < lus.pages,
    }


def _listes(
    request: RequeteDeCompte, demande: carnet.Recherche, jeton: str, lus: Resultats, maintenant: datetime
) -> dict[str, Any]:
    """Les cartes, en HTML, dans l’ordre : médecin traitant, avec créneau, sans."""
    oriente = peut(request.user, Action.ORIENTER)
    cartes = rendu.cartes(
        lus.offres,
        maintenant=maintenant,
        jeton=jeton,
        oriente=oriente,
        contacts=lus.contacts if oriente else None,
        cpts=lus.cpts,
        dit_le_forfait=demande.disponibilite == FORFAIT,
    )
    lister = partial(
        rendu.liste,
        oriente=oriente,
        oriente_en_sus=peut(request.user, Action.ORIENTER_EN_SUS),
        signaux=signaux(lus.lieu_ids, compte_id=request.user.pk, maintenant=maintenant) if oriente else None,
    )
    return {
        "traitant": lister([carte for carte in cartes if carte.medecin_traitant]),
        "libres": lister([carte for carte in cartes if carte.est_libre and not carte.medecin_traitant]),
        "hors": lister([carte for carte in cartes if not carte.est_libre and not carte.medecin_traitant]),
        "autre_fuseau": any(carte.fuseau_autre for carte in cartes),
    }


def pages_a_montrer(courante: int, derniere: int) -> list[int | None]:
    """Numéros de la pagination : les bords, la page et ses voisines ; `None` là où l’on saute."""
    voulues = sorted({1, derniere, *range(max(1, courante - 1), min(derniere, courante + 1) + 1)})
    montrees: list[int | None] = []
    for precedente, numero in zip([0, *voulues], voulues, strict=False):
        if numero - precedente > 1:
            montrees.append(None)
        montrees.append(numero)
    return montrees
