from django.http import HttpRequest

from comptes.models import Compte


def compte_de(request: HttpRequest) -> Compte | None:
    """La personne connectée, s’il y en a une : les pages d’aide s’ouvrent aussi sans compte."""
    return request.user if isinstance(request.user, Compte) else None


def compte_connu(request: HttpRequest) -> Compte:
    """La personne connectée, sur une route qu’une personne sans compte n’atteint pas."""
    assert isinstance(request.user, Compte)
    return request.user
