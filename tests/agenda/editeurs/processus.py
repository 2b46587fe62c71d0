"""Un worker à part : joue `interroger_lots` sur les numéros d’éditeur et de lots de chaque ligne de l’entrée, et le dit.

`python -m tests.agenda.editeurs.processus` ; c’est la vraie tâche, sur les vrais serveurs.
"""

import logging
import sys

import django


def main() -> None:
    django.setup()
    logging.disable(logging.CRITICAL)
    from agenda import tasks
    from agenda.editeurs import client

    client.DELAI_S = 300.0  # c’est le test, non l’horloge, qui décide de la fin d’un appel
    _dire("pret")
    for ligne in sys.stdin:
        editeur_id, *lot_ids = map(int, ligne.split())
        tasks.interroger_lots(editeur_id=editeur_id, lot_ids=lot_ids)
        _dire("fini")


def _dire(mot: str) -> None:
    sys.stdout.write(f"{mot}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
