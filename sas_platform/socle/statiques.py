"""Les fichiers statiques, sous le nom que leur donne leur empreinte."""

from __future__ import annotations

from typing import Any

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class Statiques(ManifestStaticFilesStorage):
    """Le manifeste ne change pas tant que vit le processus : l’adresse d’un fichier ne se compose qu’une fois.

    Django la recompose à chaque `{% static %}`, dix fois par page.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._adresses: dict[str, str] = {}

    def url(self, name: Any, force: bool = False) -> str:
        adresse = self._adresses.get(name)
        if adresse is None:
            adresse = self._adresses[name] = super().url(name, force)
        return adresse
