"""Une page en JSON : la réponse de `POST /api/v1/recherches/`, coupée dans les documents de la projection."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from agenda.domaine.offre import en_instant
from orientation.lectures.criteres import Criteres, Page
from orientation.lectures.lignes import Ligne, Trouvees, ages_de, lire, proposables, raison
from orientation.lectures.offres import offre_de


class PageJson(NamedTuple):
    """Les octets d’une page, et ce que l’on en compte : le premier créneau qu’elle montre, toutes les offres de la zone."""

    contenu: bytes
    lieu_ids: list[int]
    page: int
    toutes: int
    premier_le: datetime | None


def page_json(criteres: Criteres, *, maintenant: datetime, page: int = 1, par_page: int = 25) -> PageJson:
    """Cette réponse, et les lieux qu’elle montre.

    Les documents de la projection y entrent tels quels, sans être décodés.
    """
    trouvees = lire(criteres, Page(page, par_page), maintenant)
    tete = trouvees.tete
    morceaux = [
        f'{{"total":{tete.total},"libres":{tete.libres},"hors":{tete.hors},'
        f'"page":{trouvees.page},"par_page":{par_page},"rayon_km":{criteres.rayon_km},"offres":['.encode()
    ]
    for ligne in trouvees.lignes:
        morceaux += _offre_json(ligne, trouvees)
        morceaux.append(b",")
    if trouvees.lignes:
        morceaux.pop()
    morceaux.append(b"]}")
    lieu_ids = [ligne.lieu_id for ligne in trouvees.lignes]
    premier = min((ligne.libre for ligne in trouvees.lignes if ligne.libre is not None), default=None)
    return PageJson(
        b"".join(morceaux),
        lieu_ids,
        trouvees.page,
        tete.toutes,
        en_instant(premier) if premier is not None else None,
    )


class _Entete(msgspec.Struct, omit_defaults=True):
    """Ce qu’une offre a de plus que le document de sa carte."""

    id: str
    groupe: int
    raison_du_rang: str
    distance_km: float
    participe: bool
    en_sus: bool
    suspension: str = ""
    via: str = ""
    cpts: str = ""
    forfait: bool = False


# Où le document se coupe. Dans un texte JSON, un guillemet est toujours précédé
# d’une barre oblique : aucun nom, aucun lien ne peut contenir ces suites.
_CRENEAUX = b'"creneaux":['
_CRENEAU = b'{"id":"'


def _offre_json(ligne: Ligne, trouvees: Trouvees) -> Sequence[bytes]:
    """Comme `offre_de`, en morceaux de JSON : mêmes champs, mêmes valeurs (un test compare les deux)."""
    gardee = trouvees.criteres.gardee
    if gardee is not None and gardee.lieu.pk == ligne.lieu_id:
        return [_offre_relue_json(ligne, trouvees)]
    entete = _Entete(
        id=f"l{ligne.lieu_id}",
        groupe=ligne.groupe,
        raison_du_rang=raison(ligne, trouvees),
        distance_km=round(ligne.km, 2),
        participe=ligne.participe,
        en_sus=ligne.accepte_en_sus and ligne.suspension is None,
        suspension=ligne.motif_de_suspension,
        via=ligne.via,
        cpts=ligne.cpts or "",
        forfait=ligne.accepte_le_forfait,
    )
    identite, _, suite = ligne.document.partition(_CRENEAUX)
    creneaux = _creneaux_json(suite, ligne, trouvees) if ligne.debuts else b""
    return msgspec.json.encode(entete)[:-1], b",", identite[1:], _CRENEAUX, creneaux, b"]}"


def _creneaux_json(suite: bytes, ligne: Ligne, trouvees: Trouvees) -> bytes:
    """Ceux que l’on propose encore, chacun avec son âge ; `suite` : la fin du document."""
    textes = suite[len(_CRENEAU) : -len(b"}]}")].split(b"}," + _CRENEAU)
    ages = ages_de(ligne, trouvees)
    montres = proposables(ligne, trouvees, ages)
    fins = {fraicheur: age.en_json() for fraicheur, age in ages.items()}
    if len(fins) > 1:
        return b",".join([_CRENEAU + textes[n] + fins[ligne.fraicheurs[n]] for n in montres])
    # Presque toujours : la même fin pour tous, qui se met entre eux d’un seul geste.
    (fin,) = fins.values()
    milieu = fin + b"," + _CRENEAU
    return _CRENEAU + milieu.join([textes[n] for n in montres]) + fin if montres else b""


def _offre_relue_json(ligne: Ligne, trouvees: Trouvees) -> bytes:
    """La seule carte d’une page que l’on relit : celle où qui cherche tient une place."""
    offre = msgspec.to_builtins(offre_de(ligne, trouvees))
    # La structure tait un âge inconnu ; la réponse le promet toujours.
    offre["creneaux"] = [{"age_s": None} | creneau for creneau in offre["creneaux"]]
    return msgspec.json.encode(offre)
