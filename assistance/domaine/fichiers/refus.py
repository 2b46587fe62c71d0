from __future__ import annotations

import io
import zipfile


class FichierRefuse(ValueError):
    """Fichier qui ne sera pas gardé ; le message complète « nom du fichier : »."""


ABIME = "ce fichier est abîmé ou incomplet. Enregistrez-le de nouveau."
DEUX_EN_UN = (
    "ce fichier en contient un autre à sa suite. Enregistrez-le de nouveau, ou faites une capture d’écran."
)
CODE = "ce fichier contient une macro, un script ou un objet incorporé. Envoyez-le sans, ou en PDF."


def refuser_archive_cachee(contenu: bytes) -> None:
    """Une archive se lit par sa fin : tout format peut en porter une derrière lui."""
    if zipfile.is_zipfile(io.BytesIO(contenu)):
        raise FichierRefuse(DEUX_EN_UN)
