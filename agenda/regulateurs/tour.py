"""Le tour d’un éditeur dans la file des sorties, que les courriels et le Hub partagent.

Un éditeur n’y a qu’une tâche à la fois, en attente ou en cours. Celui qui ne répond
pas se repose ensuite, de plus en plus longtemps : à trois, des éditeurs muets
occuperaient sinon les deux processus de la file sans discontinuer.
"""

from __future__ import annotations

from sas_platform.socle.courtier import connexion

EN_FILE_S = 12  # un peu plus que la tâche n’y attend avant de périr
EN_COURS_S = 90  # un peu plus que sa limite de temps
REPOS_S = 30
REPOS_MAX_S = 300
OUBLI_S = 3600


def prendre(editeur_id: int) -> bool:
    """Faux si l’éditeur a déjà une tâche, ou se repose."""
    return bool(connexion().set(_cle(editeur_id), 1, nx=True, ex=EN_FILE_S))


def commencer(editeur_id: int) -> None:
    connexion().set(_cle(editeur_id), 1, ex=EN_COURS_S)


def rendre(editeur_id: int, *, a_repondu: bool) -> None:
    """Le repos double à chaque passage sans réponse, de trente secondes à cinq minutes."""
    if a_repondu:
        connexion().delete(_cle(editeur_id), _cle_des_silences(editeur_id))
        return
    silences = int(connexion().incr(_cle_des_silences(editeur_id)))
    connexion().expire(_cle_des_silences(editeur_id), OUBLI_S)
    connexion().set(_cle(editeur_id), 1, ex=min(REPOS_S * 2 ** min(silences - 1, 10), REPOS_MAX_S))


def _cle(editeur_id: int) -> str:
    return f"sas:regulateurs:{editeur_id}:tour"


def _cle_des_silences(editeur_id: int) -> str:
    return f"sas:regulateurs:{editeur_id}:silences"
