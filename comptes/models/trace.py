"""Trace : qui a fait ou lu quoi, quand."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.utils import timezone

from comptes.models.compte import Compte


class Trace(models.Model):
    """Qui a fait quoi, quand. En ajout seul ; chaque ligne scelle la précédente.

    Ne contient ni adresse recherchée ni donnée de patient. La base calcule
    l’empreinte, sous un verrou tenu jusqu’à la fin de la transaction : écrire
    la trace en dernier.
    """

    le = models.DateTimeField("le", default=timezone.now)
    acteur = models.ForeignKey(Compte, on_delete=models.PROTECT, null=True, related_name="+")
    verbe = models.CharField("verbe", max_length=60)
    objet = models.CharField("objet", max_length=100, help_text="« orientation:12 »")
    details = models.JSONField("détails", default=dict)
    precedente = models.CharField("empreinte précédente", max_length=64, editable=False)
    empreinte = models.CharField("empreinte", max_length=64, editable=False)

    class Meta:
        verbose_name = "trace"
        indexes = [models.Index(fields=["objet", "id"], name="trace_objet")]
        triggers = [
            pgtrigger.Protect(name="en_ajout_seul", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="sans_vidage",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'pgtrigger: la trace ne se vide pas';",
            ),
            pgtrigger.Trigger(
                name="sceller",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    PERFORM pg_advisory_xact_lock(hashtext('comptes_trace'));
                    SELECT coalesce(max(empreinte), '') INTO NEW.precedente FROM (
                        SELECT empreinte FROM comptes_trace ORDER BY id DESC LIMIT 1
                    ) derniere;
                    NEW.id := nextval(pg_get_serial_sequence('comptes_trace', 'id'));
                    NEW.empreinte := encode(sha256(convert_to(concat_ws('|',
                        NEW.precedente, NEW.id, extract(epoch FROM NEW.le), NEW.acteur_id,
                        NEW.verbe, NEW.objet, NEW.details::text), 'UTF8')), 'hex');
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verbe} {self.objet}"
