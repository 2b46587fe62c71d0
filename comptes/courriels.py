"""Écrire un courriel : rendu et rangé avec ce qui le motive, envoyé ensuite par une tâche.

Un gabarit « comptes/bienvenue » tient en trois fichiers de `templates/courriels/` :
`bienvenue_sujet.txt`, `bienvenue_corps.txt` et `bienvenue_corps.html`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.template import Context
from django.template.loader import get_template

from comptes.models import Compte, Courriel
from comptes.tasks import envoyer_courriel


def lien_public(chemin: str) -> str:
    return f"{settings.URL_PUBLIQUE.rstrip('/')}{chemin}"


def ecrire(
    *, gabarit: str, destinataire: str, contexte: Mapping[str, Any], compte: Compte | None = None
) -> Courriel:
    """Range le courriel rendu ; il part après la transaction en cours.

    Si le courtier des tâches ne répond pas, `envoyer_courriels_dus` l’enverra.
    """
    sujet, texte, html = rendre(gabarit, contexte)
    courriel = Courriel.objects.create(
        compte=compte,
        destinataire=destinataire,
        gabarit=gabarit,
        sujet=sujet,
        corps_texte=texte,
        corps_html=html,
    )
    transaction.on_commit(lambda: envoyer_courriel.delay(courriel.pk), robust=True)
    return courriel


def rendre(gabarit: str, contexte: Mapping[str, Any]) -> tuple[str, str, str]:
    """Sujet, texte et HTML. Seul le HTML échappe ses variables."""
    complet = {"url_publique": settings.URL_PUBLIQUE.rstrip("/"), **contexte}
    sujet = _rendre_texte(f"courriels/{gabarit}_sujet.txt", complet)
    texte = _rendre_texte(f"courriels/{gabarit}_corps.txt", complet)
    html = get_template(f"courriels/{gabarit}_corps.html").render(complet | {"sujet": _en_une_ligne(sujet)})
    return _en_une_ligne(sujet)[:200], texte.strip() + "\n", html


def _rendre_texte(gabarit: str, contexte: dict[str, Any]) -> str:
    moteur: Any = get_template(gabarit)
    return str(moteur.template.render(Context(contexte, autoescape=False)))


def _en_une_ligne(sujet: str) -> str:
    """Un nom saisi avec un saut de ligne ne doit pas pouvoir ajouter un en-tête."""
    return " ".join(sujet.splitlines()).strip()
