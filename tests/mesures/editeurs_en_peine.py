"""Deux éditeurs de boucle locale, l’un lent, l’autre menteur, qui comptent leurs appels.

`python -m tests.mesures.editeurs_en_peine PORT`.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter

import msgspec
from aiohttp import web

from tests.agenda.editeurs.bundles import bundle

LENTEUR_S = 3.0


def main() -> None:
    appels: Counter[str] = Counter()
    # Des créneaux d’un praticien que personne n’a demandé : chaque entrée est à juger et à écarter.
    mensonge = msgspec.json.encode(bundle())

    async def creneaux(requete: web.Request) -> web.Response:
        nom = requete.match_info["nom"]
        appels[nom] += 1
        if nom == "lent":
            await asyncio.sleep(LENTEUR_S)
        return web.Response(body=mensonge, content_type="application/fhir+json")

    async def comptes(requete: web.Request) -> web.Response:
        return web.json_response(appels)

    application = web.Application()
    application.router.add_get("/comptes", comptes)
    application.router.add_get("/{nom}/Slot", creneaux)
    web.run_app(application, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)


if __name__ == "__main__":
    main()
