"""Le vendredi, prévenir qui montrera moins de deux heures la semaine suivante ; une fois par semaine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from agenda.domaine.heures import SEUIL
from agenda.eligibilite.lectures import (
    SEMAINE,
    doivent_deux_heures,
    en_heures,
    en_minutes,
    lundi_de,
    semaines_des_effecteurs,
)
from agenda.eligibilite.passages import Passage, parcourir, sans_fin
from annuaire.models import Effecteur
from comptes.courriels import ecrire
from comptes.models import Compte, Courriel
from sas_platform.socle.iterables import par_lots

GABARIT = "agenda/heures_insuffisantes"
LOT = 500
_PARIS = ZoneInfo("Europe/Paris")


def alerter(maintenant: datetime, *, apres: int = 0, encore: Callable[[], bool] = sans_fin) -> Passage:
    """Écrit à ceux dont les disponibilités de la semaine suivante n’y suffisent pas, l’effecteur `apres` passé.

    Rejouable, même en même temps : qui a déjà reçu l’alerte depuis lundi n’en reçoit pas d’autre.
    """
    lundi = lundi_de(maintenant.astimezone(_PARIS).date())
    tenus = doivent_deux_heures().filter(effecteur__gt=apres).order_by("effecteur")
    lots = par_lots(tenus.values_list("effecteur", flat=True), LOT)
    return parcourir(lots, lambda lot: _alerter_lot(lot, lundi), encore)


@transaction.atomic
def _alerter_lot(effecteur_ids: list[int], lundi: date) -> int:
    prochaine = lundi + SEMAINE
    lues = semaines_des_effecteurs(effecteur_ids, [prochaine])
    montre = {pk: lues[pk][0].montre if pk in lues else timedelta() for pk in effecteur_ids}
    courts = {pk: duree for pk, duree in montre.items() if duree < SEUIL}
    numeros = dict(Effecteur.objects.filter(pk__in=courts).values_list("identifiant_national", "pk"))
    depuis = datetime.combine(lundi, datetime.min.time(), tzinfo=_PARIS)
    comptes = Compte.objects.filter(identifiant_national__in=numeros, is_active=True)
    # Tenus avant de lire ce qui leur a été écrit : la même tâche, redonnée à un autre, attend et le voit.
    tenus = list(comptes.select_for_update(no_key=True).order_by("pk"))
    ecrits = Courriel.objects.filter(gabarit=GABARIT, cree_le__gte=depuis, compte__in=tenus)
    deja = set(ecrits.values_list("compte", flat=True))
    prevenus = 0
    for compte in tenus:
        if compte.email and compte.pk not in deja:
            minutes = en_minutes(courts[numeros[compte.identifiant_national or ""]])
            ecrire(
                gabarit=GABARIT,
                destinataire=compte.email,
                compte=compte,
                contexte=_contexte(compte, minutes, prochaine),
            )
            prevenus += 1
    return prevenus


def _contexte(compte: Compte, minutes: int, lundi: date) -> dict[str, object]:
    return {
        "prenom": compte.prenom,
        "nom": compte.nom,
        "lundi": lundi,
        "montre": en_heures(minutes),
        "seuil": en_heures(en_minutes(SEUIL)),
        "lien": f"{settings.URL_PUBLIQUE.rstrip('/')}{reverse('tableau:accueil')}",
    }
