"""Les notes que se laissent les équipes : courtes, d’un territoire, effacées après quelques jours."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from annuaire.models import Territoire
from comptes.actions import tracer
from comptes.models import Compte
from orientation.models import NoteReleve


@transaction.atomic
def laisser(*, auteur: Compte, territoire: Territoire, texte: str, maintenant: datetime) -> NoteReleve:
    note = NoteReleve.objects.create(auteur=auteur, territoire=territoire, texte=texte, le=maintenant)
    tracer(acteur=auteur, verbe="note_releve.laissee", objet=f"territoire:{territoire.pk}", note=note.pk)
    return note


@transaction.atomic
def effacer(*, note: NoteReleve, acteur: Compte) -> None:
    numero = note.pk
    note.delete()
    tracer(acteur=acteur, verbe="note_releve.effacee", objet=f"territoire:{note.territoire_id}", note=numero)
