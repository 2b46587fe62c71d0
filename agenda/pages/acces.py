"""Le lieu que la page montre, si la personne en tient l’agenda ; ce que toutes les pages en disent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode
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
from comptes.actions import tracer_lecture
from comptes.enums import Action, Role
from comptes.models import Compte, Trace
from comptes.requetes import RequeteDeCompte
from sas_platform.socle.jours import ANNEES

FUSEAU_DE_PARIS = "Europe/Paris"
VUES = {"semaine": 7, "jour": 1}
_PARIS = ZoneInfo(FUSEAU_DE_PARIS)
FERME = "L’agenda de ce lieu est fermé à la saisie."


def lieux_tenus(compte: Compte, maintenant: datetime) -> QuerySet[LieuExercice]:
    tenus = lieux_du(champ(compte, Action.TENIR_AGENDA, instant=maintenant), instant=maintenant)
    return tenus.select_related("effecteur", "structure", "commune__departement")


def lieu_tenu(
    request: RequeteDeCompte,
    lieu_id: int,
    maintenant: datetime,
    *,
    tenus: QuerySet[LieuExercice] | None = None,
) -> LieuExercice:
    """Ce que l’on ne tient pas, ou plus, n’existe pas : une délégation révoquée se voit dès la requête suivante.

    `tenus` : les lieux tenus, s’ils sont déjà lus. Lire l’agenda d’autrui laisse une trace ; le changer en laisse une autre.
    """
    lieu = get_object_or_404(lieux_tenus(request.user, maintenant) if tenus is None else tenus, pk=lieu_id)
    if request.method in ("GET", "HEAD"):
        tracer_la_lecture(request.user, [lieu], maintenant)
    return lieu


def tracer_la_lecture(compte: Compte, lieux: Iterable[LieuExercice], maintenant: datetime) -> None:
    """Une ligne au plus par personne, lieu et jour ; une requête tant qu’il n’y a rien à écrire."""
    objets = [f"lieu:{lieu.pk}" for lieu in lieux if not est_le_sien(compte, lieu)]
    if not objets:
        return
    minuit = datetime.combine(maintenant.astimezone(_PARIS).date(), time.min, tzinfo=_PARIS)
    lues = Trace.objects.filter(objet__in=objets, acteur=compte, verbe="agenda.lu", le__gte=minuit)
    deja = set(lues.values_list("objet", flat=True))
    for objet in objets:
        if objet not in deja:
            tracer_lecture(acteur=compte, verbe="agenda.lu", objet=objet)


def est_le_sien(compte: Compte, lieu: LieuExercice) -> bool:
    """L’effecteur de ce lieu, agissant comme tel ; le nom seul ne suffit pas à qui n’en a pas, ou plus, le rôle."""
    titulaire = lieu.effecteur
    return (
        titulaire is not None
        and Role.EFFECTEUR in compte.roles
        and titulaire.identifiant_national == compte.identifiant_national
    )


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
        jour = date.fromisoformat(texte)
    except ValueError:
        raise Http404 from None
    if jour.year not in ANNEES:
        raise Http404
    return jour


def jour_voulu(request: HttpRequest, lieu: LieuExercice, maintenant: datetime) -> date:
    """Le jour demandé, sinon celui d’aujourd’hui au lieu ; borné à ce qu’un agenda peut montrer."""
    aujourd_hui = maintenant.astimezone(ZoneInfo(lieu.fuseau)).date()
    try:
        voulu = date.fromisoformat(request.GET.get("jour", ""))
    except ValueError:
        return aujourd_hui
    dix_ans = timedelta(days=3653)
    return min(max(voulu, aujourd_hui - dix_ans), aujourd_hui + dix_ans)


def adresse_de_l_agenda(request: HttpRequest, lieu: LieuExercice, jour: date | None = None) -> str:
    """L’agenda dans la vue d’où l’on vient, au jour donné, sinon à celui d’où l’on vient."""
    venu = request.POST if "vue" in request.POST or "jour" in request.POST else request.GET
    choix = {}
    if venu.get("vue") == "jour":  # la semaine est la vue ordinaire : elle ne se dit pas
        choix["vue"] = "jour"
    if jour is None:
        with suppress(ValueError):
            jour = date.fromisoformat(venu.get("jour", ""))
    if jour is not None:
        choix["jour"] = str(jour)
    adresse = reverse("agenda:semaine", kwargs={"lieu_id": lieu.pk})
    return f"{adresse}?{urlencode(choix)}" if choix else adresse


def vers_l_agenda(request: HttpRequest, lieu: LieuExercice, jour: date | None = None) -> HttpResponse:
    return redirect(adresse_de_l_agenda(request, lieu, jour))


def contexte_du_lieu(request: HttpRequest, lieu: LieuExercice, jour: date | None = None) -> dict[str, object]:
    """Qui, où, et à quelle heure : lu en tête de chaque page ; et l’agenda où revenir."""
    return {
        "lieu": lieu,
        "titulaire": str(lieu.effecteur or lieu.nom or lieu.structure),
        "fuseau_autre": "" if lieu.fuseau == FUSEAU_DE_PARIS else lieu.commune.nom,
        "agenda": adresse_de_l_agenda(request, lieu, jour),
    }


def refuse_si_ferme(request: RequeteDeCompte, lieu: LieuExercice) -> HttpResponse | None:
    if agenda_saisi_ouvert(lieu):
        return None
    messages.error(request, FERME)
    return vers_l_agenda(request, lieu)


def accomplir(request: RequeteDeCompte, geste: Callable[[], str]) -> None:
    """Fait le geste ; ce qu’il rend, ou pourquoi il est refusé, se lit en tête de la page suivante."""
    try:
        succes = geste()
    except SaisieRefusee as refusee:
        messages.error(request, str(refusee))
    else:
        messages.success(request, succes)
