"""Recevoir un Bundle sans qu’il touche le disque : ce qu’un éditeur y a mis par erreur ne doit rien laisser."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from agenda.editeurs.normaliseur import TAILLE_MAX


class EnMemoire(FileUploadHandler):
    """Garde un fichier en mémoire, jusqu’à un octet de trop ; le reste de la requête est lu et oublié.

    Sa taille est celle qui est arrivée : le formulaire la refuse.
    """

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self._recus = BytesIO()
        self._en_tout = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        # Pour tous les fichiers de la requête ensemble : en envoyer cent n’occupe pas davantage.
        self._en_tout += len(raw_data)
        if self._en_tout <= TAILLE_MAX:
            self._recus.write(raw_data)
        return None

    def file_complete(self, file_size: int) -> UploadedFile:
        contenu, self._recus = self._recus, BytesIO()
        contenu.seek(0)
        return InMemoryUploadedFile(
            contenu, self.field_name, self.file_name, self.content_type, file_size, self.charset
        )
