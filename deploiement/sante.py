"""État d’un conteneur, pour docker-compose : code 0 s’il va bien. `python deploiement/sante.py web|worker FILE|horloge|ecoute`."""

import os
import sys
import tempfile
import time
import urllib.request
from datetime import timedelta
from pathlib import Path

# Lancé par son chemin, le script ne voit que son propre dossier : les réglages sont un cran plus haut.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

SILENCE_ADMIS = timedelta(minutes=10)  # l’horloge note ses passages toutes les trois minutes


def web() -> bool:
    """La sonde répond « ok » ; l’hôte est celui que les réglages admettent, le protocole celui du mandataire."""
    entetes = {"Host": os.environ["ALLOWED_HOSTS"].split(",")[0], "X-Forwarded-Proto": "https"}
    demande = urllib.request.Request("http://127.0.0.1:8000/sante/", headers=entetes)
    with urllib.request.urlopen(demande, timeout=8) as reponse:  # noqa: S310
        return bool(reponse.status == 200)


def worker(file: str) -> bool:
    from sas_platform.celery import app

    nom = f"{file}@{os.uname().nodename}"
    return bool(app.control.inspect(destination=[nom], timeout=5).ping())


def horloge() -> bool:
    import django

    django.setup()
    from django.db.models import Max
    from django.utils import timezone
    from django_celery_beat.models import PeriodicTask

    dernier = PeriodicTask.objects.aggregate(dernier=Max("last_run_at"))["dernier"]
    return dernier is not None and timezone.now() - dernier < SILENCE_ADMIS


def ecoute() -> bool:
    """Le témoin que la commande `ecouter_hub` touche à chaque tour, même quand le Hub ne répond pas."""
    temoin = Path(tempfile.gettempdir()) / "sas-ecoute-hub"
    return time.time() - temoin.stat().st_mtime < SILENCE_ADMIS.total_seconds()


def main(arguments: list[str]) -> int:
    controles = {"web": web, "worker": worker, "horloge": horloge, "ecoute": ecoute}
    try:
        va_bien = controles[arguments[0]](*arguments[1:])
    except OSError as erreur:
        print(erreur, file=sys.stderr)  # noqa: T201  lu par « docker inspect »
        return 1
    return 0 if va_bien else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
