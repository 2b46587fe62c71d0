"""Qui est demandé à quel éditeur, dans quel lot : raccorder, et changer de lot qui change de cas."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef, Q

from agenda.editeurs.cadence import prochaine_interrogation
from agenda.editeurs.client import IDENTIFIANTS_MAX
from agenda.enums import Cas, Flux
from agenda.models import Editeur, Lot, Raccordement
from annuaire.enums import TypeStructure
from annuaire.models import Effecteur, Rattachement, Structure
from participation.enums import Modalite
from participation.models import Participation


@transaction.atomic
def raccorder(editeur: Editeur, effecteur_ids: Iterable[int], maintenant: datetime) -> int:
    """Raccorde ces effecteurs, par lots de 25 au plus ; rend le nombre de nouveaux raccordements.

    Les membres d’une CPTS vont dans des lots à part si l’éditeur sert les
    créneaux des CPTS ; ceux qui étaient déjà raccordés y passent, ou en sortent.
    """
    editeur = Editeur.objects.select_for_update(no_key=True).get(pk=editeur.pk)
    deja = set(Raccordement.objects.filter(editeur=editeur).values_list("effecteur_id", flat=True))
    nouveaux = [pk for pk in dict.fromkeys(effecteur_ids) if pk not in deja]
    membres = _membres_parmi(nouveaux, maintenant) if Flux.CPTS in editeur.flux else frozenset()
    _reclasser(editeur, maintenant)
    for cas, ids in (
        (Cas.PS, [pk for pk in nouveaux if pk not in membres]),
        (Cas.CPTS, [pk for pk in nouveaux if pk in membres]),
    ):
        places = _places(editeur, cas, len(ids), maintenant)
        raccordements = (
            Raccordement(effecteur_id=pk, lot=lot, editeur=editeur)
            for pk, lot in zip(ids, places, strict=True)
        )
        Raccordement.objects.bulk_create(raccordements, batch_size=5000)
    return len(nouveaux)


@transaction.atomic
def raccorder_associations(editeur: Editeur, structure_ids: Iterable[int], maintenant: datetime) -> int:
    """Raccorde ces associations SOS Médecins, par lots de 10 ; rend le nombre de nouveaux raccordements.

    L’éditeur répond par SIRET : d’associations de même SIRET, une seule est raccordée.
    """
    editeur = Editeur.objects.select_for_update(no_key=True).get(pk=editeur.pk)
    raccordees = Raccordement.objects.filter(editeur=editeur, structure__isnull=False)
    deja = set(raccordees.values_list("structure__siret", flat=True))
    associations = Structure.objects.filter(pk__in=list(structure_ids), type=TypeStructure.SOS)
    par_siret: dict[str, int] = {}
    for pk, siret in associations.exclude(siret="").order_by("pk").values_list("pk", "siret"):
        if siret not in deja:
            par_siret.setdefault(siret, pk)
    places = _places(editeur, Cas.SOS, len(par_siret), maintenant)
    Raccordement.objects.bulk_create(
        Raccordement(structure_id=pk, lot=lot, editeur=editeur)
        for pk, lot in zip(par_siret.values(), places, strict=True)
    )
    return len(par_siret)


def reclasser(maintenant: datetime) -> int:
    """Change de lot ceux dont l’appartenance à une CPTS, ou les flux de l’éditeur, ont changé ; rend leur nombre."""
    concernes = Q(flux__contains=[Flux.CPTS]) | Q(
        Exists(Lot.objects.filter(editeur=OuterRef("pk"), cas=Cas.CPTS))
    )
    total = 0
    for editeur in Editeur.objects.filter(concernes).order_by("pk"):
        with transaction.atomic():
            total += _reclasser(Editeur.objects.select_for_update(no_key=True).get(pk=editeur.pk), maintenant)
    return total


def membres_de_cpts(effecteur: OuterRef, maintenant: datetime) -> Q:
    """Vrai pour qui participe par une CPTS, ou dont un lieu compte parmi les membres d’une CPTS."""
    participations = Participation.objects.filter(effecteur=effecteur, participe=True, modalite=Modalite.CPTS)
    rattachements = Rattachement.objects.en_cours(maintenant).filter(
        lieu__effecteur=effecteur, structure__type=TypeStructure.CPTS
    )
    return Q(Exists(participations)) | Q(Exists(rattachements))


def _membres_parmi(effecteur_ids: Collection[int], maintenant: datetime) -> frozenset[int]:
    membres = Effecteur.objects.filter(
        membres_de_cpts(OuterRef("pk"), maintenant), pk__in=list(effecteur_ids)
    )
    return frozenset(membres.values_list("pk", flat=True))


def _reclasser(editeur: Editeur, maintenant: datetime) -> int:
    est_membre = membres_de_cpts(OuterRef("effecteur"), maintenant)
    hors_de_place = Q(lot__cas=Cas.CPTS)
    if Flux.CPTS in editeur.flux:
        hors_de_place = Q(est_membre, lot__cas=Cas.PS) | (Q(lot__cas=Cas.CPTS) & ~est_membre)
    raccordements = Raccordement.objects.filter(hors_de_place, editeur=editeur, effecteur__isnull=False)
    a_deplacer: dict[Cas, list[Raccordement]] = defaultdict(list)
    for raccordement in raccordements.select_related("lot").order_by("pk"):
        a_deplacer[Cas.PS if raccordement.lot.cas == Cas.CPTS else Cas.CPTS].append(raccordement)
    for cas, deplaces in a_deplacer.items():
        _deplacer(deplaces, _places(editeur, cas, len(deplaces), maintenant), maintenant)
    return sum(map(len, a_deplacer.values()))


def _deplacer(raccordements: list[Raccordement], places: list[Lot], maintenant: datetime) -> None:
    """Change de lot sans rajeunir personne : un lot prend l’âge du plus ancien de ceux qu’il reçoit, et repasse tout de suite."""
    ids = {lot.pk for lot in places} | {raccordement.lot_id for raccordement in raccordements}
    lots = Lot.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").in_bulk()
    for raccordement, place in zip(raccordements, places, strict=True):
        depart, arrivee = lots[raccordement.lot_id], lots[place.pk]
        arrivee.lu_le = min(filter(None, (depart.lu_le, arrivee.lu_le)), default=None)
        arrivee.prochaine_le = maintenant
        raccordement.lot = arrivee
    Lot.objects.bulk_update({lots[lot.pk] for lot in places}, ["lu_le", "prochaine_le"], batch_size=500)
    Raccordement.objects.bulk_update(raccordements, ["lot"], batch_size=500)
    with connection.cursor() as curseur:  # la carte cite le lot, pour dire l’âge de ses créneaux
        curseur.execute(
            "INSERT INTO agenda_offreperimee (lieu_id) SELECT DISTINCT lieu_id FROM agenda_agendaediteur"
            " WHERE raccordement_id = ANY(%s) ORDER BY lieu_id ON CONFLICT DO NOTHING",
            [[raccordement.pk for raccordement in raccordements]],
        )


def _places(editeur: Editeur, cas: Cas, nombre: int, maintenant: datetime) -> list[Lot]:
    """Autant de places dans les lots de ce cas : les lots incomplets d’abord, puis de neufs.

    Chaque lot neuf prend sa place dans la période de l’éditeur.
    """
    if not nombre:
        return []
    taille = IDENTIFIANTS_MAX[cas.value]
    occupes = Counter(Raccordement.objects.filter(editeur=editeur).values_list("lot_id", flat=True))
    places: list[Lot] = []
    for lot in editeur.lots.filter(cas=cas).order_by("numero"):
        places += [lot] * (taille - occupes[lot.pk])
    if len(places) < nombre:
        dernier = editeur.lots.aggregate(n=Max("numero"))["n"]
        premier = 0 if dernier is None else dernier + 1
        numeros = range(premier, premier + -(-(nombre - len(places)) // taille))
        neufs = [
            Lot(editeur=editeur, cas=cas, numero=n, prochaine_le=_premier_passage(editeur, n, maintenant))
            for n in numeros
        ]
        for lot in Lot.objects.bulk_create(neufs, batch_size=5000):
            places += [lot] * taille
    return places[:nombre]


def _premier_passage(editeur: Editeur, numero: int, maintenant: datetime) -> datetime:
    """Dans la période qui s’ouvre : un lot neuf n’attend pas une demi-période comme un lot déjà lu."""
    suivant = prochaine_interrogation(maintenant, numero, editeur.periode_s)
    return max(maintenant, suivant - (suivant - maintenant) / 2)
