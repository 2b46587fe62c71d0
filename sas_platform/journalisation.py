"""Journal en JSON sur la sortie standard, sans donnée personnelle.

Une ligne dit la route, jamais le chemin tapé, ni ses paramètres, ni le corps,
ni le nom de la personne. D’une exception, elle dit le type et les lignes de
code, jamais le message : il recopie souvent ce qui a été saisi.
"""

from __future__ import annotations

import re
import sys
import time
import traceback
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog
from celery import signals
from django.utils.functional import SimpleLazyObject

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

ENTETE = "X-Request-ID"
_IDENTIFIANT = re.compile(r"[A-Za-z0-9_-]{8,64}")

journal = structlog.get_logger("sas")


def sans_message(_: Any, __: str, evenement: dict[str, Any]) -> dict[str, Any]:
    """Remplace `exc_info` par le type de l’exception, sa cause et les lignes de code traversées."""
    infos = evenement.pop("exc_info", None)
    if not infos:
        return evenement
    if infos is True:
        infos = sys.exc_info()
    exception = infos if isinstance(infos, BaseException) else infos[1]
    if exception is not None:
        evenement["exception"] = decrire(exception)
    return evenement


def decrire(exception: BaseException) -> dict[str, Any]:
    pile = traceback.extract_tb(exception.__traceback__)
    description: dict[str, Any] = {
        "type": f"{type(exception).__module__}.{type(exception).__qualname__}",
        "pile": [f"{trame.filename}:{trame.lineno} {trame.name}" for trame in pile][-30:],
    }
    etat_sql = getattr(getattr(exception, "diag", None), "sqlstate", None)
    if etat_sql:
        description |= {"sqlstate": etat_sql, "contrainte": exception.diag.constraint_name}  # type: ignore[attr-defined]
    cause = exception.__cause__ or exception.__context__
    if cause is not None:
        description["cause"] = decrire(cause)
    return description


def configurer_journal(niveau: str) -> dict[str, Any]:
    """Réglage `LOGGING` de Django ; tous les journaux passent par les mêmes filtres."""
    communs: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        sans_message,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *communs,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": communs,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.JSONRenderer(ensure_ascii=False, default=repr),
                ],
            }
        },
        "handlers": {
            "sortie": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"}
        },
        "root": {"handlers": ["sortie"], "level": niveau},
        "loggers": {
            "django": {"handlers": [], "propagate": True, "level": niveau},
            # Ils écrivent le chemin demandé et la valeur refusée ; `Journal` dit la route et l’exception.
            "django.request": {"level": "CRITICAL", "propagate": False},
            "django.security": {"level": "CRITICAL", "propagate": False},
            "django.server": {"handlers": [], "level": "CRITICAL", "propagate": False},
            # Ils écrivent les URL appelées.
            "urllib3": {"level": "ERROR"},
            "mozilla_django_oidc": {"level": "CRITICAL"},
        },
    }


class Journal:
    """Donne à chaque requête un identifiant, et au journal une ligne à la fin."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        debut = time.perf_counter()
        recu = request.headers.get(ENTETE, "")
        identifiant = recu if _IDENTIFIANT.fullmatch(recu) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(requete=identifiant)
        request.identifiant = identifiant  # type: ignore[attr-defined]
        try:
            reponse = self.get_response(request)
            reponse.headers[ENTETE] = identifiant
            route = request.resolver_match.view_name if request.resolver_match else None
            journal.info(
                "requete",
                methode=request.method if request.method in METHODES else "autre",
                route=route,
                etat=reponse.status_code,
                duree_ms=round((time.perf_counter() - debut) * 1000, 1),
                compte=_compte(request),
            )
            return reponse
        finally:
            structlog.contextvars.clear_contextvars()


METHODES = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _compte(request: HttpRequest) -> int | None:
    """Numéro du compte, s’il a déjà été lu : le journal ne déclenche pas de requête en base.

    Celui que la vue a posé (jeton, connexion), sinon celui de la session, qui vient peut-être de se fermer.
    """
    pose = getattr(request, "user", None)
    pk = None if isinstance(pose, SimpleLazyObject) else getattr(pose, "pk", None)
    return pk or getattr(getattr(request, "_cached_user", None), "pk", None)


def noter_exception(sender: Any, request: HttpRequest | None = None, **_: Any) -> None:
    """Branché sur `got_request_exception` : l’exception, sans son message."""
    journal.error("exception", exc_info=True)


# --- L’identifiant suit les tâches -------------------------------------------


@signals.before_task_publish.connect
def _joindre(headers: dict[str, Any] | None = None, **_: Any) -> None:
    identifiant = structlog.contextvars.get_contextvars().get("requete")
    if headers is not None and identifiant:
        headers["requete"] = identifiant


@signals.task_prerun.connect
def _reprendre(task_id: str, task: Any, **_: Any) -> None:
    origine = getattr(task.request, "requete", None) or task_id
    task.request.sas_contexte = structlog.contextvars.bind_contextvars(
        tache=task.name, tache_id=task_id, requete=origine
    )


@signals.task_postrun.connect
def _rendre(task: Any, **_: Any) -> None:
    """Remet le contexte d’avant : une tâche jouée sur place ne fait pas perdre celui de la requête."""
    structlog.contextvars.reset_contextvars(**getattr(task.request, "sas_contexte", {}))


@signals.setup_logging.connect
def _garder_le_journal(**_: Any) -> None:
    """Celery remplacerait le journal par le sien ; celui de Django est déjà en place."""
