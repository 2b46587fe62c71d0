"""Ce que les pages d’aide lisent : boîtes, questions, territoires connus, bannières."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db.models import Prefetch, Q

from annuaire.models import Commune, LieuExercice, Perimetre, Territoire
from assistance.enums import Destination, Profil, PublicBanniere
from assistance.models import ROLE_DE, Banniere, PageFormation, Question, Theme, perimetres_de
from comptes.models import Compte, Habilitation
from sas_platform.socle.textes import normaliser


def questions_par_theme(profil: Profil, recherche: str = "") -> list[tuple[Theme, list[Question]]]:
    """Thèmes d’un profil et leurs questions publiées ; avec une recherche, celles qui en ont tous les mots."""
    mots = normaliser(recherche).split()
    publiees = Question.objects.filter(est_publiee=True).order_by("ordre", "pk")
    themes = Theme.objects.filter(profil=profil).order_by("ordre", "pk")
    trouvees = []
    for theme in themes.prefetch_related(Prefetch("questions", queryset=publiees)):
        questions = [question for question in theme.questions.all() if _contient(question, mots)]
        if questions or not mots:
            trouvees.append((theme, questions))
    return trouvees


def _contient(question: Question, mots: Sequence[str]) -> bool:
    texte = normaliser(f"{question.question} {question.reponse}")
    return all(mot in texte for mot in mots)


def territoires_connus(compte: Compte, *, instant: datetime) -> list[Territoire]:
    """Territoires d’une personne : ceux de ses rôles, de ses structures, et des lieux où elle exerce."""
    habilitations = Habilitation.objects.filter(compte=compte).en_cours(instant)
    siens = Perimetre.objects.en_cours(instant).filter(habilitation__in=habilitations)
    lieux = LieuExercice.objects.none()
    if compte.identifiant_national:
        lieux = LieuExercice.objects.filter(effecteur__identifiant_national=compte.identifiant_national)
    communes = Commune.objects.filter(
        Q(pk__in=lieux.values("commune")) | Q(pk__in=siens.values("structure__commune"))
    )
    trouves = {territoire.pk: territoire for territoire in Territoire.objects.filter(perimetres__in=siens)}
    for commune in communes:
        trouves |= {territoire.pk: territoire for territoire in Territoire.objects.couvrant(commune)}
    return sorted(trouves.values(), key=lambda territoire: (territoire.nom, territoire.pk))


def boites(destination: Destination, territoire: Territoire | None, *, instant: datetime) -> list[str]:
    """Adresses à prévenir : la boîte du territoire, sinon les personnes qui y portent le rôle ; vide si personne."""
    if destination == Destination.SUPPORT_N1:
        return [settings.SUPPORT_N1_COURRIEL] if settings.SUPPORT_N1_COURRIEL else []
    if destination == Destination.SUPPORT_N3:
        return [settings.SUPPORT_N3_COURRIEL] if settings.SUPPORT_N3_COURRIEL else []
    if territoire is None:
        return []
    boite = (
        territoire.courriel_gestionnaires
        if destination == Destination.GESTIONNAIRE
        else territoire.courriel_referents
    )
    if boite:
        return [boite]
    ouverts = perimetres_de(ROLE_DE[destination], instant=instant).filter(territoire=territoire)
    personnes = Compte.objects.filter(pk__in=ouverts.values("habilitation__compte"), email__isnull=False)
    return [compte.email for compte in personnes.order_by("pk") if compte.email]


def pages_par_rubrique(profil: Profil) -> dict[str, list[PageFormation]]:
    """Pages publiées d’un profil, dans l’ordre de lecture, réunies par rubrique."""
    rubriques: dict[str, list[PageFormation]] = {}
    for page in PageFormation.objects.filter(profil=profil, est_publiee=True).order_by("ordre", "pk"):
        rubriques.setdefault(page.rubrique, []).append(page)
    return rubriques


class _Memoire:
    """Bannières à venir ou en cours, lues une fois par période et par processus."""

    bannieres: list[Banniere] = []
    lues_a = float("-inf")


def bannieres_affichees(*, connecte: bool, instant: datetime) -> list[Banniere]:
    """Bannières d’un public à cet instant. Base arrêtée : aucune, plutôt qu’une page en panne."""
    horloge = time.monotonic()
    if horloge - _Memoire.lues_a >= settings.BANNIERES_MEMOIRE_S:
        try:
            lues = Banniere.objects.filter(fin_le__gt=instant).order_by("-debut_le", "-pk")
            _Memoire.bannieres = list(lues)
        except (OperationalError, InterfaceError):
            _Memoire.bannieres = []
        _Memoire.lues_a = horloge
    publics = (PublicBanniere.TOUS, PublicBanniere.CONNECTES if connecte else PublicBanniere.ANONYMES)
    return [b for b in _Memoire.bannieres if b.public in publics and b.debut_le <= instant < b.fin_le]


def oublier_bannieres() -> None:
    """Relit les bannières à la prochaine page de ce processus ; les autres suivent sous peu."""
    _Memoire.lues_a = float("-inf")
