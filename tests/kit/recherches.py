"""Nos propres requêtes à l’éditeur du kit, et la lecture de ce qu’il en rend."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from agenda.editeurs.client import url_creneaux
from agenda.editeurs.normaliseur import normaliser
from agenda.editeurs.verdicts import Cas, Demande, Lecture, fenetre_interrogee
from sas_platform.demo.editeur_simule.application import EditeurSimule
from sas_platform.demo.editeur_simule.titulaires import Titulaire
from tests.kit.client import MAINTENANT, demander

FENETRE = fenetre_interrogee(MAINTENANT)


def recherche(cas: Cas, *titulaires: Titulaire) -> str:
    return url_creneaux("/fhir", [titulaire.identifiant for titulaire in titulaires], FENETRE, cas)


@cache
def chercher_par_nous(fabrique: Callable[[], EditeurSimule], cas: Cas, *titulaires: Titulaire) -> Any:
    """Le Bundle rendu ne doit pas être modifié."""
    return demander(fabrique(), recherche(cas, *titulaires)).json()


def lire(contenu: Any, cas: Cas, *titulaires: Titulaire) -> Lecture:
    octets = contenu if isinstance(contenu, bytes) else json.dumps(contenu).encode()
    return normaliser([octets], demande(cas, *titulaires))


def demande(cas: Cas, *titulaires: Titulaire) -> Demande:
    identifiants = frozenset(titulaire.identifiant for titulaire in titulaires)
    url = recherche(cas, *titulaires)
    return Demande(cas, identifiants, FENETRE, frozenset({"127.0.0.1"}), http_local=True, url=url)
