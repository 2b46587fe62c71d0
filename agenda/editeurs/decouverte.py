"""Chercher chez quel éditeur tient son agenda qui n’en a aucun de connu (fhir.md § 3.3).

Tous les éditeurs actifs sont interrogés, en dernière priorité, et chacun au plus une fois par
`INTERVALLE` pour un même effecteur. Qui y a des créneaux y est raccordé ; qui n’en montre plus
aucun, `VIDES_MAX` fois de suite, en est détaché, et redevient cherché partout.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value, When

from agenda.editeurs import mesures
from agenda.editeurs.client import IDENTIFIANTS_MAX, Reponse, url_creneaux
from agenda.editeurs.normaliseur import normaliser
from agenda.editeurs.raccordements import membres_de_cpts, raccorder
from agenda.editeurs.verdicts import Cas, Demande, fenetre_interrogee
from agenda.enums import EtatLot, Flux
from agenda.models import AgendaEditeur, Decouverte, Editeur, Lot, Raccordement
from annuaire.models import Effecteur
from participation.models import Participation

INTERVALLE = timedelta(days=7)
REPRISE = timedelta(hours=1)  # après un échec de l’éditeur, qui ne prouve rien
VIDES_MAX = 4
VIDES_SANS_ESPOIR = 12  # qui ne déclare aucun logiciel n’est plus cherché après cela
LOTS_PAR_PASSAGE = 2  # par éditeur et par cas
PARTIS_PAR_PASSAGE = 1000

# Pose cette demande à cet éditeur, dans son budget ; rien si le budget le refuse.
Appel = Callable[[Editeur, Demande], Reponse | None]


@dataclass(slots=True)
class BilanDecouverte:
    """`appels` passés, effecteurs `trouves` et raccordés, effecteurs `partis` et détachés."""

    appels: int = 0
    trouves: int = 0
    partis: int = 0


def decouvrir(maintenant: datetime, *, appeler: Appel) -> BilanDecouverte:
    """Un passage : quelques lots par éditeur. Rejouable ; deux processus ne prennent pas les mêmes effecteurs."""
    bilan = BilanDecouverte(partis=detacher_les_partis(maintenant))
    actifs = Editeur.objects.filter(est_actif=True, flux__overlap=[Flux.PS, Flux.CPTS])
    for editeur in actifs.order_by("pk"):
        for cas, effecteurs in _lots(editeur, maintenant):
            reponse = _chercher(editeur, cas, effecteurs, maintenant, appeler, bilan)
            if reponse is None:
                break  # plus de budget chez lui : ce qui presse passe d’abord
    return bilan


def _lots(editeur: Editeur, maintenant: datetime) -> Iterator[tuple[Cas, dict[str, int]]]:
    """Effecteurs à chercher chez lui, 25 par 25 : `{identifiant national: clé}`, par forme de requête."""
    membre = membres_de_cpts(OuterRef("pk"), maintenant)
    a_chercher = _candidats(editeur, maintenant)
    parts: list[tuple[Cas, QuerySet[Effecteur]]] = []
    if Flux.CPTS in editeur.flux:
        parts.append(("cpts", a_chercher.filter(membre)))
        a_chercher = a_chercher.exclude(membre)
    if Flux.PS in editeur.flux:
        parts.append(("ps", a_chercher))
    for cas, effecteurs in parts:
        taille = IDENTIFIANTS_MAX[cas]
        for _ in range(LOTS_PAR_PASSAGE):  # relu chaque fois : le lot précédent est pris
            lot = dict(effecteurs.values_list("identifiant_national", "pk")[:taille])
            if lot:
                yield cas, lot
            if len(lot) < taille:
                break


def _candidats(editeur: Editeur, maintenant: datetime) -> QuerySet[Effecteur]:
    """Sans éditeur connu, ou qui déclare celui-ci : les participants qui ont un logiciel, puis qui a quitté le sien."""
    reglages = Participation.objects.filter(effecteur=OuterRef("pk"))
    recherches = Decouverte.objects.filter(effecteur=OuterRef("pk"))
    raccordements = Raccordement.objects.filter(effecteur=OuterRef("pk"))
    declares = reglages.filter(participe=True, utilise_logiciel=True)
    le_declare = Exists(declares.filter(logiciels__contains=[editeur.code]))
    candidats = Effecteur.objects.filter(
        Exists(declares) | Exists(recherches.filter(vides__lt=VIDES_SANS_ESPOIR)), est_actif=True
    )
    return (
        candidats.filter(~Exists(raccordements) | le_declare)
        .exclude(Exists(raccordements.filter(editeur=editeur)))
        .exclude(Exists(reglages.filter(refuse_affichage=True)))
        .exclude(Exists(recherches.filter(editeur=editeur, demandee_le__gt=maintenant - INTERVALLE)))
        .annotate(
            rang=Case(
                When(le_declare, then=Value(0)),
                When(Exists(declares), then=Value(1)),
                default=Value(2),
                output_field=IntegerField(),
            )
        )
        .order_by("rang", "pk")
    )


def _chercher(
    editeur: Editeur,
    cas: Cas,
    effecteurs: dict[str, int],
    maintenant: datetime,
    appeler: Appel,
    bilan: BilanDecouverte,
) -> Reponse | None:
    pris = _prendre(editeur, effecteurs.values(), maintenant)
    demandes = frozenset(identifiant for identifiant, pk in effecteurs.items() if pk in pris)
    if not demandes:
        return Reponse(EtatLot.REUSSI)
    fenetre = fenetre_interrogee(maintenant)
    demande = Demande(
        cas=cas,
        identifiants=demandes,
        fenetre=fenetre,
        hotes=frozenset(editeur.hotes_reservation),
        http_local=not settings.EST_EN_LIGNE,
        url=url_creneaux(editeur.url_base, demandes, fenetre, cas),
    )
    reponse = appeler(editeur, demande)
    if reponse is None:
        _repousser(editeur, pris, jusqu_a=maintenant)
        return None
    bilan.appels += 1
    lecture = normaliser(reponse.pages, demande) if reponse.etat == EtatLot.REUSSI else None
    illisible = lecture is not None and bool(lecture.defaut)
    mesures.noter_appels(
        editeur.pk, [(EtatLot.ILLISIBLE if illisible else reponse.etat, reponse)], maintenant
    )
    if lecture is None or lecture.defaut:
        _repousser(editeur, pris, jusqu_a=maintenant + REPRISE)
        return reponse
    trouves = {effecteurs[creneau.proprietaire] for creneau in lecture.gardes()}
    with transaction.atomic():
        siennes = Decouverte.objects.filter(editeur=editeur)
        siennes.filter(effecteur__in=pris).update(demandee_le=maintenant)
        siennes.filter(effecteur__in=pris - trouves).update(vides=F("vides") + 1)
        siennes.filter(effecteur__in=trouves).update(vides=0)
        bilan.trouves += raccorder(editeur, sorted(trouves), maintenant)
    return reponse


def _prendre(editeur: Editeur, effecteur_ids: Collection[int], maintenant: datetime) -> set[int]:
    """Ceux de ces effecteurs que personne n’a cherchés chez lui entre-temps ; ils sont pris aussitôt.

    Pour une heure seulement, tant que rien n’est répondu : un processus tué en route ne les oublie pas.
    """
    with connection.cursor() as curseur:
        curseur.execute(
            """
            INSERT INTO agenda_decouverte AS d (effecteur_id, editeur_id, demandee_le, vides)
            SELECT id, %(editeur)s, %(prise)s, 0 FROM unnest(%(effecteurs)s::bigint[]) AS id ORDER BY id
            ON CONFLICT (effecteur_id, editeur_id) DO UPDATE SET demandee_le = excluded.demandee_le
            WHERE d.demandee_le <= %(limite)s
            RETURNING effecteur_id
            """,
            {
                "editeur": editeur.pk,
                "prise": maintenant + REPRISE - INTERVALLE,
                "effecteurs": list(effecteur_ids),
                "limite": maintenant - INTERVALLE,
            },
        )
        return {pk for (pk,) in curseur.fetchall()}


def _repousser(editeur: Editeur, effecteur_ids: Collection[int], *, jusqu_a: datetime) -> None:
    """La recherche n’a pas eu lieu : ils seront repris à cet instant."""
    siennes = Decouverte.objects.filter(editeur=editeur, effecteur__in=effecteur_ids)
    siennes.update(demandee_le=jusqu_a - INTERVALLE)


def oublier_les_recherches_vides(raccordement_ids: Collection[int]) -> None:
    """Ces raccordements ont des créneaux : ce qu’on avait compté de vide ne compte plus."""
    if raccordement_ids:
        with connection.cursor() as curseur:
            curseur.execute(
                """
                UPDATE agenda_decouverte d SET vides = 0 FROM agenda_raccordement r
                WHERE r.id = ANY(%s) AND d.effecteur_id = r.effecteur_id AND d.editeur_id = r.editeur_id
                AND d.vides > 0
                """,
                [list(raccordement_ids)],
            )


# Sans requête de plus : le lot vient d’être lu, et rien n’y est à lui. Qui refuse l’affichage n’est pas demandé.
_COMPTER_LES_VIDES = """
    INSERT INTO agenda_decouverte AS d (effecteur_id, editeur_id, demandee_le, vides)
    SELECT r.effecteur_id, r.editeur_id, %(maintenant)s, 1
    FROM agenda_raccordement r
    JOIN agenda_lot l ON l.id = r.lot_id AND l.lu_le > %(hier)s
    JOIN agenda_editeur e ON e.id = r.editeur_id AND e.est_actif
    JOIN annuaire_effecteur f ON f.id = r.effecteur_id AND f.est_actif
    WHERE NOT EXISTS (SELECT FROM agenda_agendaediteur a WHERE a.raccordement_id = r.id AND a.creneaux <> '[]')
    AND NOT EXISTS (SELECT FROM participation_participation p
        WHERE p.effecteur_id = r.effecteur_id AND p.refuse_affichage)
    AND NOT EXISTS (SELECT FROM agenda_decouverte deja WHERE deja.effecteur_id = r.effecteur_id
        AND deja.editeur_id = r.editeur_id AND deja.demandee_le > %(limite)s)
    ORDER BY r.effecteur_id, r.editeur_id LIMIT %(nombre)s
    ON CONFLICT (effecteur_id, editeur_id) DO UPDATE
    SET demandee_le = excluded.demandee_le, vides = d.vides + 1 WHERE d.demandee_le <= %(limite)s
"""


@transaction.atomic
def detacher_les_partis(maintenant: datetime) -> int:
    """Compte les raccordements muets, et retire ceux qui l’ont été `VIDES_MAX` fois de suite ; rend leur nombre."""
    with connection.cursor() as curseur:
        curseur.execute(
            _COMPTER_LES_VIDES,
            {
                "maintenant": maintenant,
                "hier": maintenant - timedelta(days=1),
                "limite": maintenant - INTERVALLE,
                "nombre": PARTIS_PAR_PASSAGE,
            },
        )
    vides = Decouverte.objects.filter(
        effecteur=OuterRef("effecteur"), editeur=OuterRef("editeur"), vides__gte=VIDES_MAX
    )
    pleins = AgendaEditeur.objects.filter(~Q(creneaux=[]), raccordement=OuterRef("pk"))
    partis = Raccordement.objects.filter(Exists(vides), ~Exists(pleins))
    # Un lot que l’on enregistre est laissé au passage suivant : ses agendas citent leur raccordement.
    lots = Lot.objects.select_for_update(no_key=True, skip_locked=True).order_by("pk")
    tenus = list(lots.filter(pk__in=partis.values("lot")).values_list("pk", flat=True))
    _, supprimes = partis.filter(lot__in=tenus).delete()
    return supprimes.get(Raccordement._meta.label, 0)
