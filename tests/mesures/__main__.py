"""`python -m tests.mesures` : les mesures de performance, une ligne JSON chacune. Lancé par `./bin/mesures`."""

import logging
import os
import sys

import django


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sas_platform.settings")
    django.setup()
    # Le journal de Django va à la sortie standard, réservée ici aux lignes de mesure.
    logging.disable(logging.CRITICAL)

    from tests.mesures.execution import executer

    return executer(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
