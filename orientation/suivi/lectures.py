"""Ce que l’on relit d’une orientation : appels du jour, suivi d’équipe, issues à dire, notes de relève."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Q, QuerySet

from agenda.lectures import occurrence_designee
from agenda.models import Tenue
from annuaire.champs import champ, lieux_du, territoires_du
from annuaire.models import LieuExercice, Perimetre, Territoire
from comptes.droits import TABLE
from comptes.enums import Action
from comptes.models import Compte, Habilitation
from orientation.enums import IssueAppel
from orientation.models import (
    Appel,
    IssueOrientation,
    MotifRefus,
    NoteReleve,
    Orientation,
    OrientationQuerySet,
    Redirection,
)
from sas_platform.socle.francais import JOURS, heure, jour_long

# Ce qu’un professionnel a encore à dire : les rendez-vous des quinze derniers jours, et ceux à venir.
JOURS_A_DIRE = timedelta(days=15)


@dataclass(frozen=True, slots=True)
class AppelsDuJour:
    """Les appels d’un lieu depuis minuit, à son heure. Réservé à la régulation."""

    sans_reponse: int
    refus: int
    motif: str

    def phrase(self) -> str:
        """« 2 appels sans réponse, 1 refus (absent ou en visite) aujourd’hui » ; vide si rien."""
        parties = []
        if self.sans_reponse:
            parties.append(f"{self.sans_reponse} appel{'s' if self.sans_reponse > 1 else ''} sans réponse")
        if self.refus:
            parties.append(f"{self.refus} refus ({self.motif[:1].lower()}{self.motif[1:]})")
        return f"{', '.join(parties)} aujourd’hui" if parties else ""


def appels_du_jour(lieu_ids: Collection[int], *, maintenant: datetime) -> dict[int, AppelsDuJour]:
    """Les lieux appelés en vain aujourd’hui, à l’heure de chacun ; une requête."""
    recents = Appel.objects.filter(
        lieu__in=lieu_ids, le__gt=maintenant - timedelta(days=1), le__lte=maintenant
    )
    vains = recents.exclude(issue=IssueAppel.ACCEPTE).order_by("le", "pk")
    par_lieu: dict[int, list[tuple[str, str]]] = defaultdict(list)
    lus = vains.values_list("lieu_id", "lieu__fuseau", "le", "issue", "motif__libelle")
    for lieu_id, fuseau, le, issue, motif in lus:
        if le.astimezone(ZoneInfo(fuseau)).date() == maintenant.astimezone(ZoneInfo(fuseau)).date():
            par_lieu[lieu_id].append((issue, motif or ""))
    return {lieu_id: _compter(appels) for lieu_id, appels in par_lieu.items()}


def _compter(appels: list[tuple[str, str]]) -> AppelsDuJour:
    """(issue, motif) du plus ancien au plus récent ; le dernier motif est celui qui se dit."""
    refus = [motif for issue, motif in appels if issue == IssueAppel.REFUS]
    return AppelsDuJour(len(appels) - len(refus), len(refus), refus[-1] if refus else "")


def refus_du_jour(lieu_ids: Collection[int], *, maintenant: datetime) -> frozenset[int]:
    """Lieux qui ont dit non aujourd’hui : la recherche les montre après les autres (docs/adr/0024)."""
    du_jour = appels_du_jour(lieu_ids, maintenant=maintenant)
    return frozenset(lieu_id for lieu_id, appels in du_jour.items() if appels.refus)


# Lu avec chaque page de résultats d’un régulateur : une instruction de 0,2 ms, où l’ORM en composerait deux en 1 ms.
# `IS TRUE` : sans lui, le plan générique lit par l’index des périodes toutes les fermetures du pays (8 ms).
_SIGNAUX = """
    SELECT d.lieu_id, l.fuseau, t.debut AS instant, 'tenue' AS nature, coalesce(r.nom, '')
    FROM agenda_tenue t
    JOIN agenda_disponibilite d ON d.id = t.disponibilite_id
    JOIN annuaire_lieuexercice l ON l.id = d.lieu_id
    LEFT JOIN annuaire_territoire r ON r.id = t.territoire_id
    WHERE t.expire_le > %(maintenant)s AND d.lieu_id = ANY(%(lieux)s) AND t.compte_id <> %(compte)s
    UNION ALL
    SELECT i.lieu_id, l.fuseau, upper(i.periode), 'absence', ''
    FROM agenda_indisponibilite i
    JOIN annuaire_lieuexercice l ON l.id = i.lieu_id
    WHERE i.lieu_id = ANY(%(lieux)s) AND (i.periode @> %(maintenant)s) IS TRUE
    UNION ALL
    SELECT a.lieu_id, l.fuseau, a.le, a.issue, coalesce(m.libelle, '')
    FROM orientation_appel a
    JOIN annuaire_lieuexercice l ON l.id = a.lieu_id
    LEFT JOIN orientation_motifrefus m ON m.id = a.motif_id
    WHERE a.lieu_id = ANY(%(lieux)s) AND a.le > %(maintenant)s - interval '1 day' AND a.le <= %(maintenant)s
        AND a.issue <> 'accepte'
        AND (a.le AT TIME ZONE l.fuseau)::date = (%(maintenant)s AT TIME ZONE l.fuseau)::date
    ORDER BY 1, 3
"""


def signaux(lieu_ids: Collection[int], *, compte_id: int, maintenant: datetime) -> dict[int, tuple[str, ...]]:
    """Ce que la carte d’un lieu dit à la régulation : places que d’autres tiennent, absence en cours, appels vains du jour.

    La place que tient `compte_id` n’y est pas : la carte la lui montre (`Criteres.compte_id`).
    """
    with connection.cursor() as curseur:
        curseur.execute(_SIGNAUX, {"lieux": list(lieu_ids), "maintenant": maintenant, "compte": compte_id})
        return _en_phrases(curseur.fetchall())


def _en_phrases(lus: list[tuple[Any, ...]]) -> dict[int, tuple[str, ...]]:
    phrases: dict[int, list[str]] = defaultdict(list)
    vains: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for lieu_id, fuseau, instant, nature, libelle in lus:
        if nature == "tenue":
            phrases[lieu_id].append(_phrase_de_la_tenue(instant.astimezone(ZoneInfo(fuseau)), libelle))
        elif nature == "absence":
            phrases[lieu_id].append(phrase_de_l_absence(instant, fuseau))
        else:
            vains[lieu_id].append((nature, libelle))
    for lieu_id, appels in vains.items():
        phrases[lieu_id].append(_compter(appels).phrase())
    return {lieu_id: tuple(siennes) for lieu_id, siennes in phrases.items()}


def _phrase_de_la_tenue(debut: datetime, regulation: str) -> str:
    """« Lundi à 9 h : place tenue par un autre régulateur (SAS Nord), en cours d’appel » ; jamais son nom.

    `debut` est à l’heure du lieu ; la liste montre trois jours, le nom du jour suffit.
    """
    de = f" ({regulation})" if regulation else ""
    quand = f"{JOURS[debut.weekday()].capitalize()} à {heure(debut)}"
    return f"{quand}\u00a0: place tenue par un autre régulateur{de}, en cours d’appel"


def phrase_de_l_absence(fin: datetime | None, fuseau: str) -> str:
    """« Absent jusqu’au mercredi 2 décembre 2026 à 18 h », à l’heure du lieu ; `fin` nulle : sans terme connu."""
    if fin is None:
        return "Absent, sans date de retour"
    local = fin.astimezone(ZoneInfo(fuseau))
    return f"Absent jusqu’au {jour_long(local)} à {heure(local)}"


def fiche_d_appel(compte: Compte, lieu_id: int, creneau_id: str, maintenant: datetime) -> dict[str, Any]:
    """Pendant l’appel : la place que l’on tient sur ce créneau, ce que d’autres ont essayé, les raisons d’un refus."""
    designee = occurrence_designee(creneau_id)
    tenue = (
        Tenue.objects.en_cours(maintenant)
        .filter(compte=compte, disponibilite=designee[0], debut=designee[1])
        .select_related("disponibilite__lieu")
        .first()
        if designee
        else None
    )
    vains = appels_du_jour([lieu_id], maintenant=maintenant).get(lieu_id)
    return {
        "tenue": tenue,
        "jusqu_a": heure(tenue.expire_le.astimezone(ZoneInfo(tenue.disponibilite.lieu.fuseau)))
        if tenue
        else "",
        "restent_s": int((tenue.expire_le - maintenant).total_seconds()) if tenue else 0,
        "creneau_id": creneau_id,
        "lieu_id": f"l{lieu_id}",
        "vains": vains.phrase() if vains else "",
        "motifs": MotifRefus.objects.filter(est_actif=True).order_by("rang", "pk"),
    }


def suivies_par(compte: Compte, *, maintenant: datetime) -> OrientationQuerySet:
    """Les siennes, et celles des régulations de ses territoires, avec l’issue retenue (`issue_retenue`)."""
    voit = champ(compte, Action.SUIVRE_ORIENTATIONS, instant=maintenant)
    toutes = Orientation.objects.annotate(issue_retenue=IssueOrientation.objects.derniere_de())
    if voit.france:
        return toutes
    return toutes.filter(Q(acteur=compte) | Q(territoire__in=voit.territoires))


def departs_suivis_par(compte: Compte, *, maintenant: datetime) -> QuerySet[Redirection]:
    """Départs vers un éditeur : les siens, et ceux des régulations de ses territoires."""
    voit = champ(compte, Action.SUIVRE_ORIENTATIONS, instant=maintenant)
    if voit.france:
        return Redirection.objects.all()
    return Redirection.objects.filter(Q(acteur=compte) | Q(territoire__in=voit.territoires))


def retirables_par(compte: Compte, *, maintenant: datetime) -> OrientationQuerySet:
    """Celles que ce gestionnaire peut retirer : des régulations de ses territoires."""
    corrige = champ(compte, Action.CORRIGER_ORIENTATIONS, instant=maintenant)
    if corrige.france:
        return Orientation.objects.all()
    return Orientation.objects.filter(territoire__in=corrige.territoires)


def territoires_suivis(compte: Compte, *, maintenant: datetime) -> QuerySet[Territoire]:
    return territoires_du(champ(compte, Action.SUIVRE_ORIENTATIONS, instant=maintenant))


def recues_par(compte: Compte, *, maintenant: datetime) -> OrientationQuerySet:
    """Patients adressés aux lieux que tient cette personne, ou aux structures qu’elle gère, dont l’issue se dit encore."""
    tient = champ(compte, Action.TENIR_AGENDA, instant=maintenant)
    recues = Orientation.objects.annotate(issue_retenue=IssueOrientation.objects.derniere_de()).filter(
        debut__gt=maintenant - JOURS_A_DIRE
    )
    if tient.france:
        return recues
    lieux: QuerySet[LieuExercice] = lieux_du(tient, instant=maintenant)
    return recues.filter(Q(lieu__in=lieux.values("pk")) | Q(structure__in=tient.structures))


def equipe(compte: Compte, *, maintenant: datetime) -> QuerySet[Compte]:
    """Ceux qui orientent pour les territoires qu’il suit ; personne s’il suit la France, la liste serait sans fin."""
    voit = champ(compte, Action.SUIVRE_ORIENTATIONS, instant=maintenant)
    habilitations = Habilitation.objects.filter(role__in=TABLE[Action.ORIENTER]).en_cours(maintenant)
    perimetres = Perimetre.objects.en_cours(maintenant).filter(
        habilitation__in=habilitations, territoire__in=voit.territoires
    )
    comptes = Compte.objects.filter(pk__in=perimetres.values("habilitation__compte"), is_active=True)
    return comptes.order_by("nom", "prenom", "pk")


def notes_de_releve(territoires: QuerySet[Territoire], *, depuis: datetime) -> QuerySet[NoteReleve]:
    """Les plus récentes d’abord."""
    notes = NoteReleve.objects.filter(territoire__in=territoires.values("pk"), le__gte=depuis)
    return notes.select_related("auteur", "territoire").order_by("-le", "-pk")
