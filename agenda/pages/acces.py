"""Le lieu que la page montre, si la personne en tient l’agenda ; ce que toutes les pages en disent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from agenda.saisie.actions import SaisieRefusee
from agenda.saisie.lectures import agenda_saisi_ouvert
from annuaire.champs import champ, lieux_du
from annuaire.models import LieuExercice
from comptes.enums import Action
from comptes.models import Compte
from comptes.requetes import RequeteDeCompte

FUSEAU_DE_PARIS = "Europe/Paris"
FERME = "L’agenda de ce lieu est fermé à la saisie."


def lieux_tenus(compte: Compte, maintenant: datetime) -> QuerySet[LieuExercice]:
    tenus = lieux_du(champ(compte, Action.TENIR_AGENDA, instant=maintenant), instant=maintenant)
    return tenus.select_related("effecteur", "structure", "commune__departement")


def lieu_tenu(request: RequeteDeCompte, lieu_id: int, maintenant: datetime) -> LieuExercice:
    """Ce que l’on ne tient pas, ou plus, n’existe pas : une délégation révoquée se voit dès la requête suivante."""
    return get_object_or_404(lieux_tenus(request.user, maintenant), pk=lieu_id)


def lieux_voisins(tenus: QuerySet[LieuExercice], lieu: LieuExercice) -> list[LieuExercice]:
    """Ce lieu et ceux du même titulaire, parmi ceux que la personne tient."""
    if lieu.effecteur_id is not None:
        siens = tenus.filter(effecteur=lieu.effecteur_id, est_actif=True)
    else:
        siens = tenus.filter(effecteur=None, structure=lieu.structure_id, est_actif=True)
    return list(siens.order_by("adresse", "pk"))


def jour_de(texte: str) -> date:
    """Le jour que nomme une adresse ; ce qui n’en est pas un n’existe pas."""
    try:
        return date.fromisoformat(texte)
    except ValueError:
        raise Http404 from None


def jour_voulu(request: HttpRequest, lieu: LieuExercice, maintenant: datetime) -> date:
    """Le jour demandé, sinon celui d’aujourd’hui au lieu ; borné à ce qu’un agenda peut montrer."""
    aujourd_hui = maintenant.astimezone(ZoneInfo(lieu.fuseau)).date()
    try:
        voulu = date.fromisoformat(request.GET.get("jour", ""))
    except ValueError:
        return aujourd_hui
    dix_ans = timedelta(days=3653)
    return min(max(voulu, aujourd_hui - dix_ans), aujourd_hui + dix_ans)


def vers_l_agenda(lieu: LieuExercice, jour: date | None = None) -> HttpResponse:
    adresse = reverse("agenda:semaine", kwargs={"lieu_id": lieu.pk})
    return redirect(f"{adresse}?jour={jour}" if jour else adresse)


def contexte_du_lieu(lieu: LieuExercice) -> dict[str, object]:
    """Qui, où, et à quelle heure : lu en tête de chaque page."""
    return {
        "lieu": lieu,
        "titulaire": str(lieu.effecteur or lieu.nom or lieu.structure),
        "fuseau_autre": "" if lieu.fuseau == FUSEAU_DE_PARIS else lieu.commune.nom,
    }


def refuse_si_ferme(request: RequeteDeCompte, lieu: LieuExercice) -> HttpResponse | None:
    if agenda_saisi_ouvert(lieu):
        return None
    messages.error(request, FERME)
    return vers_l_agenda(lieu)


def accomplir(request: RequeteDeCompte, geste: Callable[[], str]) -> None:
    """Fait le geste ; ce qu’il rend, ou pourquoi il est refusé, se lit en tête de la page suivante."""
    try:
        succes = geste()
    except SaisieRefusee as refusee:
        messages.error(request, str(refusee))
    else:
        messages.success(request, succes)
