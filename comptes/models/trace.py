"""Trace : qui a fait ou lu quoi, quand."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.utils import timezone

from comptes.models.compte import Compte


class Trace(models.Model):
    """Qui a fait ou lu quoi, quand. En ajout seul ; chaque ligne scelle la précédente.

    Ne contient ni adresse recherchée ni donnée de patient. La base calcule
    l’empreinte, sous un verrou tenu jusqu’à la fin de la transaction : écrire
    la trace en dernier. Une ligne ne se retire que par `AncreTrace`.
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
            pgtrigger.Protect(name="en_ajout_seul", operation=pgtrigger.Update),
            pgtrigger.Trigger(
                name="sans_retrait",
                when=pgtrigger.Before,
                operation=pgtrigger.Delete,
                func="""
                    IF NOT EXISTS (
                        SELECT FROM comptes_ancretrace WHERE OLD.id BETWEEN premiere_id AND derniere_id
                    ) THEN
                        RAISE EXCEPTION 'pgtrigger: la trace ne s''efface pas, ligne %', OLD.id;
                    END IF;
                    RETURN OLD;
                """,
            ),
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
                    NEW.precedente := coalesce(
                        (SELECT empreinte FROM comptes_trace ORDER BY id DESC LIMIT 1),
                        (SELECT empreinte FROM comptes_ancretrace ORDER BY derniere_id DESC LIMIT 1),
                        '');
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


class AncreTrace(models.Model):
    """Début de trace purgé : la seule façon d’en retirer des lignes, et le point d’où la chaîne se vérifie ensuite.

    Insérer une ancre efface, dans la même transaction, toutes les lignes
    jusqu’à `derniere_id` comprise. La base remplit le reste d’après les lignes
    elles-mêmes, et refuse de toucher à une ligne de moins de six mois : la
    durée réglée peut être plus longue, jamais plus courte.
    """

    derniere_id = models.BigIntegerField("dernière ligne purgée", unique=True)
    premiere_id = models.BigIntegerField("première ligne purgée", editable=False)
    nombre = models.PositiveBigIntegerField("lignes purgées", editable=False)
    jusqu_au = models.DateTimeField("date de la plus récente", editable=False)
    empreinte = models.CharField("empreinte de la dernière", max_length=64, editable=False)
    archive = models.CharField("empreinte du fichier d’archive", max_length=64, blank=True)
    le = models.DateTimeField("purgée le", default=timezone.now)

    class Meta:
        verbose_name = "ancre de la trace"
        verbose_name_plural = "ancres de la trace"
        triggers = [
            pgtrigger.Protect(name="ancre_en_ajout_seul", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="ancre_sans_vidage",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'pgtrigger: les ancres de la trace ne se vident pas';",
            ),
            pgtrigger.Trigger(
                name="ancrer",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    PERFORM pg_advisory_xact_lock(hashtext('comptes_trace'));
                    SELECT min(id), count(*), max(le) INTO NEW.premiere_id, NEW.nombre, NEW.jusqu_au
                        FROM comptes_trace WHERE id <= NEW.derniere_id;
                    SELECT empreinte INTO NEW.empreinte FROM comptes_trace WHERE id = NEW.derniere_id;
                    IF NOT FOUND THEN
                        RAISE EXCEPTION 'pgtrigger: aucune ligne % dans la trace', NEW.derniere_id;
                    END IF;
                    IF NEW.jusqu_au > statement_timestamp() - interval '6 months' THEN
                        RAISE EXCEPTION 'pgtrigger: la trace des six derniers mois ne se purge pas';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="purger",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                func="DELETE FROM comptes_trace WHERE id <= NEW.derniere_id; RETURN NULL;",
            ),
        ]

    def __str__(self) -> str:
        return f"purge jusqu’à la ligne {self.derniere_id}"
