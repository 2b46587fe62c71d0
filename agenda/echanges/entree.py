"""Relier un calendrier externe à un lieu : ses périodes occupées y cachent les disponibilités."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from agenda.echanges.telechargement import TAILLE_MAX, LectureImpossible, adresse_admise, telecharger
from agenda.models import CalendrierExterne, PeriodeOccupee
from agenda.offre import rafraichir, verrouiller
from annuaire.models import LieuExercice
from comptes.actions import tracer
from comptes.models import Compte

PAR_LIEU_MAX = 5
# Bien plus que ce que la recherche montre ; un fichier, lui, ne se relira pas.
HORIZON = timedelta(days=60)
HORIZON_DU_FICHIER = timedelta(days=365)
PERIODE_DE_LECTURE = timedelta(minutes=15)
# Au-delà, plus aucun relevé d’heures ne s’y rapporte (`agenda.eligibilite.releves.RATTRAPAGE`).
PASSE_GARDE = timedelta(weeks=10)
DELAI_S = 15
Bornes = tuple[datetime, datetime]


def expanser(contenu: bytes, *, fuseau: str, maintenant: datetime, horizon: timedelta) -> list[Bornes]:
    """Périodes occupées du fichier, lues dans un processus borné en temps et en mémoire. Lève `LectureImpossible`."""
    if len(contenu) > TAILLE_MAX:
        raise LectureImpossible("Ce calendrier dépasse 1 Mo.")
    bornes = [(maintenant - timedelta(days=1)).isoformat(), (maintenant + horizon).isoformat(), fuseau]
    try:
        # Rien ne vient de la personne dans la commande : le fichier passe par l’entrée standard.
        fini = subprocess.run(  # noqa: S603
            [sys.executable, "-W", "ignore", "-m", "agenda.echanges.expansion", *bornes],
            input=contenu,
            capture_output=True,
            timeout=DELAI_S,
            cwd=settings.RACINE,
            env={"PYTHONUTF8": "1"},
            check=False,
        )
        lu = json.loads(fini.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        raise LectureImpossible("Ce calendrier est trop lourd à lire, ou abîmé.") from None
    if "refus" in lu:
        raise LectureImpossible(lu["refus"])
    return [
        (datetime.fromisoformat(de).astimezone(UTC), datetime.fromisoformat(a).astimezone(UTC))
        for de, a in lu["periodes"]
    ]


def relier(
    *,
    lieu: LieuExercice,
    url: str = "",
    contenu: bytes | None = None,
    auteur: Compte,
    maintenant: datetime,
) -> CalendrierExterne:
    """Relie une adresse, qu’une tâche lira, ou un fichier, lu d’abord : rien ne s’écrit s’il ne se lit pas.

    Lève `LectureImpossible`.
    """
    periodes: list[Bornes] = []
    if contenu is None:
        url = adresse_admise(url)
    else:
        periodes = expanser(contenu, fuseau=lieu.fuseau, maintenant=maintenant, horizon=HORIZON_DU_FICHIER)
    with transaction.atomic():
        verrouiller([lieu.pk])
        relies = CalendrierExterne.objects.filter(lieu=lieu)
        if relies.count() >= PAR_LIEU_MAX:
            raise LectureImpossible(f"Un lieu relie {PAR_LIEU_MAX} calendriers au plus\u00a0: retirez-en un.")
        if url and relies.filter(url=url).exists():
            raise LectureImpossible("Ce calendrier est déjà relié à ce lieu.")
        calendrier = CalendrierExterne.objects.create(lieu=lieu, url=url, cree_le=maintenant)
        if url:
            demander_la_lecture(calendrier, maintenant=maintenant)
        else:
            _ecrire(calendrier, periodes, maintenant)
        tracer(
            acteur=auteur, verbe="calendrier.externe_relie", objet=f"lieu:{lieu.pk}", calendrier=calendrier.pk
        )
    return calendrier


def demander_la_lecture(calendrier: CalendrierExterne, *, maintenant: datetime) -> None:
    """Fait lire ce calendrier sans attendre. Une tâche perdue n’y change rien : le prochain passage le lira."""
    CalendrierExterne.objects.filter(pk=calendrier.pk).update(demande_le=maintenant)
    tache = current_app.signature("agenda.tasks.actualiser_calendrier", (calendrier.pk,))
    transaction.on_commit(tache.delay, robust=True)


@transaction.atomic
def detacher(*, calendrier: CalendrierExterne, auteur: Compte, maintenant: datetime) -> None:
    """Les disponibilités qu’il cachait reparaissent aussitôt."""
    verrouiller([calendrier.lieu_id])
    numero, lieu_id = calendrier.pk, calendrier.lieu_id
    _remplacer_l_avenir(calendrier, [], maintenant)
    calendrier.delete()
    rafraichir([lieu_id], maintenant)
    tracer(acteur=auteur, verbe="calendrier.externe_detache", objet=f"lieu:{lieu_id}", calendrier=numero)


def actualiser(calendrier: CalendrierExterne, *, maintenant: datetime) -> bool:
    """Relit un calendrier à son adresse ; faux s’il ne s’est pas lu, et alors les périodes d’avant valent encore."""
    try:
        contenu = telecharger(calendrier.url)
        periodes = expanser(contenu, fuseau=calendrier.lieu.fuseau, maintenant=maintenant, horizon=HORIZON)
    except LectureImpossible as echec:
        CalendrierExterne.objects.filter(pk=calendrier.pk).update(
            essaye_le=maintenant, echec=str(echec)[:200]
        )
        return False
    with transaction.atomic():
        verrouiller([calendrier.lieu_id])
        # Détaché pendant la lecture : rien à écrire.
        if CalendrierExterne.objects.filter(pk=calendrier.pk).exists():
            _ecrire(calendrier, periodes, maintenant)
    return True


def calendriers_dus(maintenant: datetime) -> list[int]:
    """Calendriers à relire, le plus ancien essai d’abord."""
    dus = CalendrierExterne.objects.exclude(url="").filter(
        Q(essaye_le=None)
        | Q(essaye_le__lte=maintenant - PERIODE_DE_LECTURE)
        | Q(demande_le__gt=F("essaye_le")),
        lieu__est_actif=True,
    )
    return list(dus.order_by(F("essaye_le").asc(nulls_first=True), "pk").values_list("pk", flat=True))


def oublier_le_passe(maintenant: datetime) -> int:
    """Retire les périodes que plus aucun relevé ne lira ; rend leur nombre."""
    return PeriodeOccupee.objects.filter(fin__lt=maintenant - PASSE_GARDE).delete()[0]


def _ecrire(calendrier: CalendrierExterne, periodes: Iterable[Bornes], maintenant: datetime) -> None:
    """Remplace ce qui est à venir d’un calendrier, et recalcule l’offre du lieu, déjà tenu."""
    _remplacer_l_avenir(calendrier, periodes, maintenant)
    CalendrierExterne.objects.filter(pk=calendrier.pk).update(
        lu_le=maintenant, essaye_le=maintenant, echec=""
    )
    rafraichir([calendrier.lieu_id], maintenant)


def _remplacer_l_avenir(
    calendrier: CalendrierExterne, periodes: Iterable[Bornes], maintenant: datetime
) -> None:
    """Ce qui est passé a été caché, et le reste ; une période en cours que la relecture confirme se prolonge."""
    en_cours = calendrier.periodes.filter(debut__lt=maintenant, fin__gt=maintenant)
    depuis = min(en_cours.values_list("debut", flat=True), default=maintenant)
    en_cours.delete()
    calendrier.periodes.filter(debut__gte=maintenant).delete()
    a_venir = [(max(de, maintenant), a) for de, a in periodes if a > maintenant]
    if depuis < maintenant:
        reste = next((a for de, a in a_venir if de == maintenant), maintenant)
        a_venir = [(depuis, reste), *((de, a) for de, a in a_venir if de > maintenant)]
    PeriodeOccupee.objects.bulk_create(
        [
            PeriodeOccupee(calendrier=calendrier, lieu_id=calendrier.lieu_id, debut=de, fin=a)
            for de, a in a_venir
        ],
        batch_size=1000,
    )
