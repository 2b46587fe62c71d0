"""Ce que la carte d’un lieu montre ; gardé en JSON dans `CarteLieu.document`."""

from __future__ import annotations

from datetime import datetime

import msgspec


class CarteEffecteur(msgspec.Struct, frozen=True, gc=False):
    identifiant_national: str
    nom: str
    prenom: str
    profession: str
    specialites: tuple[str, ...]
    conventionnement: str


class CarteStructure(msgspec.Struct, frozen=True, gc=False):
    nom: str
    type: str


class CarteAdresse(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`accueil`, `langues` : codes de ce que le lieu déclare ; absents s’il n’en dit rien."""

    id: str
    nom: str
    adresse: str
    code_postal: str
    commune: str
    commune_insee: str
    lat: float
    lon: float
    fuseau: str
    telephone: str
    informations: str
    precision: str
    accueil: tuple[str, ...] = ()
    langues: tuple[str, ...] = ()


class CreneauOffert(msgspec.Struct, gc=False, omit_defaults=True):
    """Un créneau proposable. Bornes au décalage horaire du lieu.

    `lien` : adresse de réservation chez l’éditeur, origine comprise ; `None`
    si l’on ne réserve pas en ligne. `age_s` : secondes depuis la lecture chez
    l’éditeur ou la saisie, `est_ancien` si c’est plus que l’éditeur ne l’admet, `tenue_jusqu_a` si
    qui lit y tient une place, à l’heure du lieu ; absents du document, remplis à la lecture.
    `cpts` : noms de celles auxquelles il est ouvert.
    """

    id: str
    debut: datetime
    fin: datetime
    source: str
    editeur: str | None
    modalites: tuple[str, ...]
    capacite: int
    prises: int
    lien: str | None
    est_plage: bool
    cpts: tuple[str, ...] = ()
    age_s: int | None = None
    est_ancien: bool = False
    tenue_jusqu_a: datetime | None = None


class Carte(msgspec.Struct, frozen=True):
    """Ce que montre la carte d’un lieu ; gardée en JSON dans `CarteLieu.document`."""

    effecteur: CarteEffecteur | None
    structure: CarteStructure | None
    lieu: CarteAdresse
    creneaux: list[CreneauOffert]


encodeur_carte = msgspec.json.Encoder()
decodeur_carte = msgspec.json.Decoder(Carte)
