"""Ce que Prometheus relève : des états lus à l’instant dans la base et le courtier, jamais une personne.

Rien ne s’accumule dans un processus web : chacun rend les mêmes nombres. Les
durées des pages, elles, sont dans le journal (`duree_ms`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from hmac import compare_digest
from ipaddress import ip_address
from typing import Any

import redis
from django.conf import settings
from django.db import connection
from django.db.models import Count
from django.http import HttpRequest
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from agenda.editeurs.ordonnanceur import etat_de
from agenda.models import Editeur, EnvoiRegulateur, Lot, OffrePerimee
from comptes.models import Courriel
from orientation.models import MessageHub, Orientation
from sas_platform.celery import app as celery_app
from sas_platform.socle.courtier import longueur_de_file

_AGES = """
    SELECT e.code, extract(epoch FROM %s - max(l.lu_le))::float
    FROM agenda_editeur e JOIN agenda_lot l ON l.editeur_id = e.id
    WHERE e.est_actif AND l.lu_le IS NOT NULL GROUP BY e.code ORDER BY e.code
"""


class Releve(Collector):
    """Une quinzaine de requêtes d’agrégat à chaque relevé ; un courtier muet tait ses seules mesures."""

    def __init__(self, maintenant: datetime) -> None:
        self.maintenant = maintenant

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from self._flux()
        yield from self._files()
        yield _par_etat("sas_lots", "Lots d’agendas, par état de la dernière réponse", Lot.objects)
        yield _par_etat("sas_courriels", "Courriels, par état", Courriel.objects)
        yield _par_etat("sas_messages_hub", "Messages au Hub Santé, par état", MessageHub.objects)
        yield _par_etat(
            "sas_envois_regulateurs", "Comptes de régulateurs annoncés, par état", EnvoiRegulateur.objects
        )
        yield _nombre(
            "sas_offres_perimees", "Lieux dont l’offre attend d’être recalculée", OffrePerimee.objects.count()
        )
        du_jour = Orientation.objects.enregistrees_entre(
            self.maintenant.replace(hour=0, minute=0, second=0, microsecond=0), self.maintenant
        )
        yield _nombre("sas_orientations_du_jour", "Orientations depuis minuit (UTC)", du_jour.count())

    def _flux(self) -> Iterator[GaugeMetricFamily]:
        ages = GaugeMetricFamily(
            "sas_flux_age_secondes", "Âge de la dernière réponse lue d’un éditeur", labels=["editeur"]
        )
        with connection.cursor() as curseur:
            curseur.execute(_AGES, [self.maintenant])
            for code, age in curseur.fetchall():
                ages.add_metric([code], max(0.0, age))
        yield ages
        allures = GaugeMetricFamily(
            "sas_editeur_allure",
            "Part du débit réglé que l’on s’autorise chez un éditeur",
            labels=["editeur"],
        )
        en_vol = GaugeMetricFamily("sas_editeur_appels_en_vol", "Appels en cours", labels=["editeur"])
        for editeur in Editeur.objects.filter(est_actif=True).order_by("code"):
            etat = etat_de(editeur)
            if etat is not None:
                allures.add_metric([editeur.code], etat.allure)
                en_vol.add_metric([editeur.code], etat.en_vol)
        yield from (allures, en_vol)

    def _files(self) -> Iterator[GaugeMetricFamily]:
        files = GaugeMetricFamily("sas_taches_en_attente", "Tâches en attente, par file", labels=["file"])
        try:
            for file in celery_app.conf.task_queues:
                files.add_metric([file.name], longueur_de_file(file.name))
        except redis.RedisError:
            return
        yield files


def registre(maintenant: datetime) -> CollectorRegistry:
    registre = CollectorRegistry(auto_describe=False)
    registre.register(Releve(maintenant))
    return registre


def admis(request: HttpRequest) -> bool:
    """Le jeton réglé (`METRIQUES_JETON`), ou la machine elle-même sans mandataire entre les deux."""
    if settings.METRIQUES_JETON:
        attendu = f"Bearer {settings.METRIQUES_JETON}"
        return compare_digest(request.headers.get("Authorization", "").encode(), attendu.encode())
    try:
        locale = ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
    return locale and "X-Forwarded-For" not in request.headers


def _par_etat(nom: str, aide: str, lignes: Any) -> GaugeMetricFamily:
    mesure = GaugeMetricFamily(nom, aide, labels=["etat"])
    for etat, nombre in lignes.values_list("etat").annotate(n=Count("pk")).order_by("etat"):
        mesure.add_metric([etat or "jamais"], nombre)
    return mesure


def _nombre(nom: str, aide: str, valeur: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(nom, aide, value=valeur)
