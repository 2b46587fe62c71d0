"""Durée des sessions : 30 min sans activité, 4 h en tout ; 8 h pour qui régule, le temps d’un poste.

Au-delà de ses quatre heures, Pro Santé Connect ne tient plus la session de qui
régule que par son jeton de rafraîchissement : une tâche le renouvelle, et un
refus se dit sans rien fermer ici.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib import auth, messages
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from comptes.actions import tracer
from comptes.enums import Role
from comptes.models import Compte, Session, SessionOuverte
from comptes.tasks import prolonger_session_psc

OUVERTE_LE = "ouverte_le"
VUE_LE = "vue_le"
REFUS_DIT = "refus_rafraichissement_dit"
# La dernière activité n’est réécrite qu’à ce pas : une écriture par minute, pas une par requête.
PAS = timedelta(minutes=1)
SANS_ACTIVITE = re.compile(settings.CHEMINS_SANS_ACTIVITE)
REGULATION = frozenset({Role.OSNP, Role.REGULATEUR})


@dataclass(frozen=True, slots=True)
class Reste:
    """Ce qui reste à une session, en secondes : sans activité, et en tout."""

    inactivite_s: int
    absolue_s: int

    @property
    def est_ecoule(self) -> bool:
        return self.inactivite_s <= 0 or self.absolue_s <= 0


def ouvrir(request: HttpRequest) -> None:
    """Date la session qui vient de s’ouvrir, quel que soit le moyen de connexion."""
    maintenant = timezone.now().isoformat()
    if request.session.session_key is None:
        request.session.create()  # celle d’un autre compte vient d’être vidée
    request.session[OUVERTE_LE] = maintenant
    request.session[VUE_LE] = maintenant
    request.session.pop(REFUS_DIT, None)


def duree_absolue(compte: Compte) -> timedelta:
    regule = compte.a_un_role(REGULATION)
    return timedelta(seconds=settings.SESSION_ABSOLUE_REGULATION_S if regule else settings.SESSION_ABSOLUE_S)


def reste(request: HttpRequest, compte: Compte, *, maintenant: datetime) -> Reste:
    """Ce qui reste à la session ouverte de `compte` ; une session sans date commence maintenant."""
    ouverte_le = datetime.fromisoformat(request.session.setdefault(OUVERTE_LE, maintenant.isoformat()))
    vue_le = datetime.fromisoformat(request.session.setdefault(VUE_LE, maintenant.isoformat()))
    inactive = vue_le + timedelta(seconds=settings.SESSION_INACTIVITE_S) - maintenant
    absolue = ouverte_le + duree_absolue(compte) - maintenant
    return Reste(int(inactive.total_seconds()), int(absolue.total_seconds()))


def fermer(sid: str, sub: str) -> list[int]:
    """Ferme ici les sessions que Pro Santé Connect a fermées ; rend les comptes concernés.

    `sid` désigne une session, `sub` seul toutes celles d’une personne.
    """
    visees = Q(sid=sid[:100]) if sid else Q(sub=sub[:100])
    if sid and sub:
        visees &= Q(sub=sub[:100])
    with transaction.atomic():
        ouvertes = list(SessionOuverte.objects.filter(visees).select_for_update())
        Session.objects.filter(session_key__in=[ouverte.cle_session for ouverte in ouvertes]).delete()
        SessionOuverte.objects.filter(pk__in=[ouverte.pk for ouverte in ouvertes]).delete()
        comptes = sorted({ouverte.compte_id for ouverte in ouvertes})
        for compte in comptes:
            objet, motif = f"compte:{compte}", "fermée par Pro Santé Connect"
            tracer(acteur=None, verbe="deconnexion", objet=objet, motif=motif)
    return comptes


class DureeDeSession:
    """Ferme les sessions périmées, avant `GardeDesRoutes`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Sans cookie il n’y a pas de session : la sonde et les pages publiques ne touchent pas la base.
        if settings.SESSION_COOKIE_NAME in request.COOKIES and isinstance(request.user, Compte):
            self._tenir(request, request.user, timezone.now())
        return self.get_response(request)

    @staticmethod
    def _tenir(request: HttpRequest, compte: Compte, maintenant: datetime) -> None:
        if reste(request, compte, maintenant=maintenant).est_ecoule:
            SessionOuverte.objects.filter(cle_session=request.session.session_key).delete()
            auth.logout(request)
            messages.info(request, "Votre session a expiré. Identifiez-vous de nouveau pour continuer.")
            tracer(acteur=compte, verbe="deconnexion", objet=f"compte:{compte.pk}", motif="session expirée")
            return
        # La page qui demande combien de temps il reste, ou qui se tient à jour seule, n’est pas une activité.
        if request.path == reverse("comptes:session_etat") or SANS_ACTIVITE.match(request.path):
            return
        if maintenant - datetime.fromisoformat(request.session[VUE_LE]) >= PAS:
            request.session[VUE_LE] = maintenant.isoformat()
            if compte.a_un_role(REGULATION):
                _suivre_pro_sante_connect(request, maintenant)


def _suivre_pro_sante_connect(request: HttpRequest, maintenant: datetime) -> None:
    """Fait renouveler le jeton de rafraîchissement par une tâche : la page n’attend pas Pro Santé Connect."""
    ouverte = SessionOuverte.objects.filter(cle_session=request.session.session_key).first()
    if ouverte is None:
        return
    if ouverte.refus_le and not request.session.get(REFUS_DIT):
        request.session[REFUS_DIT] = True
        messages.warning(
            request,
            "Pro Santé Connect n’a pas prolongé votre identification. Votre session reste ouverte ici ; "
            "d’autres services pourront vous redemander votre carte ou e-CPS.",
        )
    elif ouverte.est_a_rafraichir(maintenant):
        # `robust` : si le courtier ne répond pas, la minute suivante réessaiera.
        transaction.on_commit(lambda: prolonger_session_psc.delay(session_id=ouverte.pk), robust=True)
