"""Mesurer un mois : une instruction par source, tout ou rien ; et clore ce qui ne changera plus."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from remuneration.domaine.mois import Mois
from remuneration.models import CreneauRecu, MesureMensuelle, MoisMesure
from remuneration.pilotage.instructions import INSTRUCTIONS
from remuneration.retention import mois_du_detail

_RELEVER = """
    INSERT INTO remuneration_creneaurecu (mois, effecteur_id)
    SELECT DISTINCT %(mois)s::date, r.effecteur_id
    FROM agenda_agendaediteur a JOIN agenda_raccordement r ON r.id = a.raccordement_id
    WHERE r.effecteur_id IS NOT NULL AND a.creneaux <> '[]'
    ON CONFLICT DO NOTHING
"""
_ECRIRE = """
    INSERT INTO remuneration_mesuremensuelle (mois, code, territoire_id, dimension, valeur)
    SELECT %(mois)s::date, lu.* FROM ({instruction}) AS lu (code, territoire_id, dimension, valeur)
"""


def relever_les_creneaux_recus(*, maintenant: datetime) -> None:
    """Qui a un créneau d’éditeur aujourd’hui en a reçu un ce mois-ci ; rejouable."""
    with connection.cursor() as curseur:
        curseur.execute(_RELEVER, {"mois": Mois.de(timezone.localdate(maintenant)).premier})


def mois_a_mesurer(*, maintenant: datetime) -> list[Mois]:
    """Le mois en cours, ceux dont le délai de clôture court encore, et ceux qui attendent d’être clos.

    Un mois jamais mesuré dont il reste du détail en est : il ne s’efface que mesuré.
    """
    en_cours = Mois.de(timezone.localdate(maintenant))
    clos = set(MoisMesure.objects.exclude(clos_le=None).values_list("mois", flat=True))
    connus = set(MoisMesure.objects.values_list("mois", flat=True)) | mois_du_detail()
    ouverts = {en_cours, *map(Mois.de, connus - clos)}
    precedent = en_cours.precedent
    while timezone.localdate(maintenant) < jour_de_cloture(precedent):
        ouverts.add(precedent)
        precedent = precedent.precedent
    return sorted(mois for mois in ouverts if mois <= en_cours)


def mesurer(mois: Mois, *, maintenant: datetime) -> bool:
    """Refait toutes les mesures d’un mois, et le clôt si son délai est passé. Faux s’il est clos : rien ne change."""
    with transaction.atomic():
        MoisMesure.objects.get_or_create(mois=mois.premier, defaults={"calcule_le": maintenant})
        # Deux calculs d’un même mois se suivent : le second refait ce que le premier vient d’écrire.
        etat = MoisMesure.objects.select_for_update().get(pk=mois.premier)
        if etat.clos_le is not None:
            return False
        MesureMensuelle.objects.filter(mois=mois.premier).delete()
        parametres = _parametres(mois, maintenant)
        with connection.cursor() as curseur:
            for instruction in INSTRUCTIONS.values():
                curseur.execute(_ECRIRE.format(instruction=instruction), parametres)
        etat.calcule_le = maintenant
        if timezone.localdate(maintenant) >= jour_de_cloture(mois):
            etat.clos_le = maintenant
            CreneauRecu.objects.filter(mois=mois.premier).delete()
        etat.save()
    return True


def jour_de_cloture(mois: Mois) -> date:
    """Les dernières issues et les versements tardifs sont arrivés."""
    return mois.suivant.premier + timedelta(days=settings.PILOTAGE_CLOTURE_JOURS)


def _parametres(mois: Mois, maintenant: datetime) -> dict[str, Any]:
    fin = mois.suivant.premier
    ecoules = min(fin, timezone.localdate(maintenant) + timedelta(days=1)) - mois.premier
    return {
        "debut": _minuit(mois.premier),
        "fin": _minuit(fin),
        "mois": mois.premier,
        "suivant": fin,
        "jours": ecoules.days,
    }


def _minuit(jour: date) -> datetime:
    """À l’heure de Paris : un mois du pilotage est le même pour toute la France."""
    return timezone.make_aware(datetime.combine(jour, time.min))
