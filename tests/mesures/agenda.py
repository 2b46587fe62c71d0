"""Combien de temps avant qu’un agenda changé se voie, et pour prendre une place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from agenda.enums import Genre, ModaliteConsultation
from agenda.models import CarteLieu, Disponibilite, Indisponibilite
from agenda.offre import decodeur_carte, rafraichir
from comptes import cgu
from comptes.enums import Role
from comptes.models import Compte
from orientation.actions import annuler, orienter
from orientation.lectures import Criteres, rechercher
from orientation.models import Orientation
from tests.comptes.factories import CompteFactory
from tests.mesures.lignes import Budget, Ligne, centile, duree_ms
from tests.mesures.reglages import Reglages


@dataclass(frozen=True, slots=True)
class CarteOuverte:
    lieu_id: int
    lat: float
    lon: float
    creneau_id: str


def personne(role: Role, **champs: str) -> Compte:
    """Un compte neuf, à une adresse qui ne sert qu’ici, et qui a accepté les conditions d’utilisation."""
    compte: Compte = CompteFactory.create(role=role, email=f"mesures-{uuid4().hex}@exemple.invalid", **champs)
    maintenant = timezone.now()
    if version := cgu.en_vigueur(maintenant):
        cgu.accepter(compte=compte, version=version, maintenant=maintenant)
    return compte


def regulateur() -> Compte:
    return personne(Role.OSNP)


def agenda_visible_ms(reglages: Reglages) -> Iterator[Ligne]:
    """De l’enregistrement d’une disponibilité, comme le fait l’administration, à sa présence dans la recherche."""
    maintenant = timezone.now()
    cartes = cartes_ouvertes(reglages.agendas, maintenant)
    disponibilites: list[Disponibilite] = []

    def ouvrir(carte: CarteOuverte) -> None:
        lieu_id = carte.lieu_id
        disponibilite = _demain_matin(lieu_id, maintenant)
        with transaction.atomic():
            disponibilite.save()
            rafraichir([lieu_id], maintenant)
        disponibilites.append(disponibilite)
        criteres = Criteres(lat=carte.lat, lon=carte.lon, rayon_km=1, lieu_id=lieu_id)
        (offre,) = rechercher(criteres, maintenant=maintenant).offres
        if not any(creneau.id.startswith(f"d{disponibilite.pk}-") for creneau in offre.creneaux):
            raise AssertionError(f"la disponibilité ouverte au lieu {lieu_id} ne se voit pas")

    durees = [duree_ms(ouvrir, carte) for carte in cartes]
    Disponibilite.objects.filter(pk__in=[disponibilite.pk for disponibilite in disponibilites]).delete()
    rafraichir([carte.lieu_id for carte in cartes], maintenant)
    yield Ligne("agenda_visible_ms", centile(durees, 95), "ms", n=len(durees), budget=Budget(max=1000))


def prise_de_place(reglages: Reglages) -> Iterator[Ligne]:
    """Une orientation entière, transaction comprise, chaque fois vers un autre lieu ; annulée ensuite."""
    maintenant = timezone.now()
    acteur = regulateur()
    prises: list[Orientation] = []

    def prendre(creneau_id: str) -> None:
        prises.append(orienter(acteur=acteur, cle=uuid4().hex, creneau_id=creneau_id, maintenant=maintenant))

    cartes = cartes_ouvertes(reglages.prises, maintenant)
    durees = [duree_ms(prendre, carte.creneau_id) for carte in cartes]
    for orientation in prises:
        annuler(acteur=acteur, orientation=orientation, maintenant=maintenant)
    yield Ligne("prise_de_place_p50", centile(durees, 50), "ms", n=len(durees))
    yield Ligne("prise_de_place_p95", centile(durees, 95), "ms", n=len(durees), budget=Budget(max=30))


def _demain_matin(lieu_id: int, maintenant: datetime) -> Disponibilite:
    return Disponibilite(
        lieu_id=lieu_id,
        genre=Genre.CRENEAU,
        modalites=[ModaliteConsultation.CABINET],
        premier_jour=timezone.localdate(maintenant) + timedelta(days=1),
        heure_debut=time(7, 5),
        heure_fin=time(7, 20),
    )


def cartes_ouvertes(nombre: int, maintenant: datetime) -> list[CarteOuverte]:
    """Lieux jamais fermés qui montrent un créneau saisi encore libre, et ce créneau."""
    bientot, terme = maintenant + timedelta(minutes=5), maintenant + timedelta(hours=48)
    cartes = CarteLieu.objects.filter(
        lieu__in=Disponibilite.objects.values("lieu"), debuts__len__gt=0
    ).exclude(lieu__in=Indisponibilite.objects.values("lieu"))
    ouvertes: list[CarteOuverte] = []
    for lieu_id, document in cartes.order_by("pk").values_list("pk", "document").iterator(chunk_size=500):
        carte = decodeur_carte.decode(document)
        libres = (c.id for c in carte.creneaux if c.source == "agenda_sas" and bientot < c.debut < terme)
        if creneau_id := next(libres, ""):
            ouvertes.append(CarteOuverte(lieu_id, carte.lieu.lat, carte.lieu.lon, creneau_id))
        if len(ouvertes) == nombre:
            break
    return ouvertes
