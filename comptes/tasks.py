from celery import shared_task
from django.core.management import call_command


@shared_task
def effacer_sessions_expirees() -> None:
    """Chaque heure : une session finie garde des adresses cherchées, elle ne reste pas en base."""
    call_command("clearsessions")
