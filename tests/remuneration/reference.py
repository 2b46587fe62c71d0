"""Le barème recalculé lentement, en Python ordinaire, sans rien emprunter au calcul : ce que les règles disent, fait par fait.

Sert de témoin : `test_reference.py` le compare au SQL sur des trimestres tirés au hasard.
Chaque question (qui reçoit, quel jour, compte-t-il, quel rang) y est une boucle que l’on relit d’un trait.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from annuaire.models import LieuExercice, Territoire
from orientation.models import IssueOrientation, Orientation, OrientationExterne, RendezVous
from participation.models import VersionParticipation
from remuneration.models import Regle

DIX_MINUTES = timedelta(minutes=10)


@dataclass
class Fait:
    source: str
    numero: int
    canal: int
    cle: int
    orientee_le: datetime
    debut: datetime
    local: datetime
    type: str
    issue: str
    annulee: bool
    a_une_heure: bool
    modalites: list[str]
    territoire: Territoire | None
    motif: str = ""
    majorations: tuple[str, ...] = ()
    rang: int | None = None

    @property
    def jour(self) -> date:
        return self.local.date()

    @property
    def lundi(self) -> date:
        return self.jour - timedelta(days=self.jour.weekday())

    @property
    def vivant(self) -> bool:
        return not self.annulee and self.type != "3"


def actes_de_reference(debut: date, fin: date, arrete_le: datetime) -> list[Fait]:
    """Les actes de [debut, fin[, dans l’ordre des sources."""
    faits = _orientations(arrete_le) + _rendez_vous(arrete_le) + _externes(arrete_le)
    doublons = _doublons(faits)
    regles = list(Regle.objects.filter(etat="active"))
    for fait in faits:
        ouvert = ouvert_le(fait.territoire, fait.jour)
        participait = _participait(fait.cle, fait.debut, arrete_le)
        est_doublon = (fait.source, fait.numero) in doublons
        fait.motif = _motif(fait, regles, ouvert, participait, est_doublon)
        fait.majorations = tuple(
            sorted(
                regle.prestation
                for regle in regles
                if regle.prestation.startswith("majoration")
                and not est_doublon
                and _ouvre(fait, regle, ouvert, participait)
            )
        )
    _ranger(faits)
    return sorted((f for f in faits if debut <= f.jour < fin), key=lambda f: (f.source, f.numero))


def montants_de_reference(
    debut: date, fin: date, arrete_le: datetime
) -> dict[tuple[str, int, int], tuple[int, Decimal]]:
    """(prestation, règle, bénéficiaire) → (nombre, euros), pour les prestations du trimestre."""
    faits = actes_de_reference(debut, fin, arrete_le)
    attendus = {}
    for regle in Regle.objects.filter(etat="active").exclude(prestation="participation"):
        siens = [f for f in faits if regle.debut <= f.jour and (regle.fin is None or f.jour < regle.fin)]
        for cle in {f.cle for f in siens}:
            ici = [f for f in siens if f.cle == cle]
            if regle.prestation.startswith("majoration"):
                permises = [f for f in ici if regle.prestation in f.majorations]
                plafond = (
                    None
                    if regle.plafond_hebdo is None
                    else regle.plafond_hebdo * _medecins(cle, fin, arrete_le)
                )
                nombre = sum(plafond is None or f.rang <= plafond for f in permises)
                if permises:
                    attendus[regle.prestation, regle.pk, cle] = (nombre, nombre * regle.montant)
            else:
                nombre = sum(f.motif == "compte" for f in ici)
                euros = Decimal(0)
                for tranche in regle.tranches.all():
                    if nombre >= tranche.de and (tranche.a is None or nombre <= tranche.a):
                        euros = tranche.montant
                attendus[regle.prestation, regle.pk, cle] = (nombre, euros)
    return attendus


def _orientations(arrete_le: datetime) -> list[Fait]:
    faits = []
    for o in Orientation.objects.select_related("lieu__structure", "structure", "territoire_destinataire"):
        if o.prise_le > arrete_le:
            continue
        dites = [i for i in IssueOrientation.objects.filter(orientation=o) if i.le <= arrete_le]
        issue = max(dites, key=lambda i: (i.le, i.pk)).issue if dites else ""
        if o.structure and o.structure.type in ("cds", "sos"):
            cle = -o.structure_id
        elif o.lieu.structure and o.lieu.structure.type in ("cds", "sos"):
            cle = -o.lieu.structure_id
        else:
            cle = o.effecteur_id or -o.structure_id
        faits.append(
            Fait(
                "orientation", o.pk, 1, cle, o.prise_le, o.debut, o.debut.astimezone(ZoneInfo(o.lieu.fuseau)), o.type, issue,
                (o.annulee_le is not None and o.annulee_le <= arrete_le) or issue == "annule", True, o.modalites,
                o.territoire_destinataire or territoire_du(o.lieu),
            )
        )  # fmt: skip
    return faits


def _rendez_vous(arrete_le: datetime) -> list[Fait]:
    faits = []
    for r in RendezVous.objects.exclude(redirection=None).select_related(
        "redirection__territoire_destinataire"
    ):
        lieu = r.lieu or r.redirection.lieu
        if r.recu_le > arrete_le or (r.effecteur_id is None and lieu is None):
            continue
        situe = (
            lieu or LieuExercice.objects.filter(effecteur=r.effecteur).order_by("-est_actif", "pk").first()
        )
        if lieu and lieu.structure and lieu.structure.type in ("cds", "sos"):
            cle = -lieu.structure_id
        else:
            cle = r.effecteur_id or (lieu.effecteur_id or -lieu.structure_id)
        issue = {"fulfilled": "venu", "noshow": "pas_venu"}.get(r.statut, "")
        faits.append(
            Fait(
                "rendez_vous", r.pk, 2, cle, r.pris_le, r.debut, r.debut.astimezone(ZoneInfo(situe.fuseau)), "1", issue,
                r.statut == "cancelled", True, [], r.redirection.territoire_destinataire or territoire_du(situe),
            )
        )  # fmt: skip
    return faits


def _externes(arrete_le: datetime) -> list[Fait]:
    faits = []
    for x in OrientationExterne.objects.select_related("territoire"):
        if x.cree_le > arrete_le:
            continue
        siens = (
            LieuExercice.objects.filter(effecteur=x.effecteur)
            if x.effecteur_id
            else LieuExercice.objects.filter(structure=x.structure)
        )
        premier = siens.order_by("-est_actif", "pk").first()
        debut = x.rendez_vous_le or x.orientee_le
        faits.append(
            Fait(
                "externe", x.pk, 2 + x.outil_id, x.effecteur_id or -x.structure_id, x.orientee_le, debut,
                debut.astimezone(ZoneInfo(premier.fuseau)), {"disponibilite": "1", "en_sus": "2"}.get(x.nature, "3"),
                "" if x.issue == "inconnue" else x.issue, x.est_annulee, x.rendez_vous_le is not None, [], x.territoire,
            )
        )  # fmt: skip
    return faits


def _doublons(faits: list[Fait]) -> set[tuple[str, int]]:
    """Le n-ième patient d’un destinataire à une heure donnée ne compte que dans sa première source."""
    trouves = set()
    par_heure: dict[tuple[int, datetime], list[Fait]] = defaultdict(list)
    for fait in faits:
        if fait.vivant and fait.a_une_heure:
            par_heure[fait.cle, fait.debut].append(fait)
    for ensemble in par_heure.values():
        deja: dict[int, int] = {}  # canal → patients qu’il a vus
        for canal in sorted({f.canal for f in ensemble}):
            siens = sorted((f for f in ensemble if f.canal == canal), key=lambda f: (f.orientee_le, f.numero))
            connus = max(deja.values(), default=0)
            trouves |= {(f.source, f.numero) for f in siens[:connus]}
            deja[canal] = len(siens)
    pris: dict[tuple[str, int], list[tuple[timedelta, datetime, int]]] = defaultdict(list)
    for x in (f for f in faits if f.vivant and f.canal > 2 and not f.a_une_heure):
        voisins = [
            (abs(f.orientee_le - x.orientee_le), f.orientee_le, f.source, f.numero)
            for f in faits
            if f.vivant
            and f.canal <= 2
            and f.cle == x.cle
            and abs(f.orientee_le - x.orientee_le) <= DIX_MINUTES
        ]
        if voisins:
            ecart, _, source, numero = min(voisins)
            pris[source, numero].append((ecart, x.orientee_le, x.numero))
    return trouves | {("externe", min(candidats)[2]) for candidats in pris.values()}


def _motif(fait: Fait, regles: list[Regle], ouvert: bool, participait: bool, est_doublon: bool) -> str:
    if fait.annulee:
        return "annulee"
    if fait.type == "3":
        return "reorientation"
    if est_doublon:
        return "doublon"
    regle = next((r for r in regles if r.prestation in ("pilote", "activite") and _vaut(r, fait.jour)), None)
    conditions = regle.conditions if regle else ["sas_ouvert", "participe"]
    issues = regle.issues if regle else ["venu"]
    if "sas_ouvert" in conditions and not ouvert:
        return "sas_ferme"
    if regle and regle.delai_h is not None and fait.debut - fait.orientee_le > timedelta(hours=regle.delai_h):
        return "hors_delai"
    if "participe" in conditions and not participait:
        return "non_participant"
    if fait.issue == "pas_venu":
        return "pas_venu"
    if issues and fait.issue not in issues:
        return "issue_inconnue"
    return "compte"


def _ouvre(fait: Fait, regle: Regle, ouvert: bool, participait: bool) -> bool:
    if not fait.vivant or not _vaut(regle, fait.jour):
        return False
    if "sas_ouvert" in regle.conditions and not ouvert:
        return False
    if "participe" in regle.conditions and not participait:
        return False
    if fait.issue not in regle.issues if regle.issues else fait.issue == "pas_venu":
        return False
    if regle.delai_h is not None and fait.debut - fait.orientee_le > timedelta(hours=regle.delai_h):
        return False
    if regle.heure_debut is not None:
        heure = fait.local.time()
        if not fait.a_une_heure or heure < regle.heure_debut or heure >= regle.heure_fin:
            return False
    return not regle.modalite or fait.modalites == [regle.modalite]


def _ranger(faits: list[Fait]) -> None:
    semaines: dict[tuple[int, date], list[Fait]] = defaultdict(list)
    for fait in faits:
        if fait.majorations:
            semaines[fait.cle, fait.lundi].append(fait)
    for siens in semaines.values():
        for rang, fait in enumerate(sorted(siens, key=lambda f: (f.debut, f.canal, f.numero)), start=1):
            fait.rang = rang


def _vaut(regle: Regle, jour: date) -> bool:
    return regle.debut <= jour and (regle.fin is None or jour < regle.fin)


def ouvert_le(territoire: Territoire | None, jour: date) -> bool:
    if territoire is None or territoire.ouvert_date is None or territoire.ouvert_date > jour:
        return False
    return territoire.ferme_date is None or territoire.ferme_date > jour


def territoire_du(lieu: LieuExercice) -> Territoire | None:
    couvrants = list(Territoire.objects.couvrant(lieu.commune).order_by("pk"))
    codes = {lieu.commune_id, lieu.commune.commune_parente_id}
    nommes = [t for t in couvrants if codes & {c.pk for c in t.communes.all()}]
    return (nommes or couvrants or [None])[0]


def _versions(cle: int, arrete_le: datetime) -> list[VersionParticipation]:
    siennes = (
        VersionParticipation.objects.filter(effecteur=cle)
        if cle > 0
        else VersionParticipation.objects.filter(structure=-cle)
    )
    return sorted((v for v in siennes if v.le <= arrete_le), key=lambda v: (v.le, v.pk))


def _participait(cle: int, instant: datetime, arrete_le: datetime) -> bool:
    en_vigueur = [v for v in _versions(cle, arrete_le) if v.le <= instant]
    return bool(en_vigueur) and en_vigueur[-1].apres["participe"]


def _medecins(cle: int, fin: date, arrete_le: datetime) -> int:
    if cle > 0:
        return 1
    versions = [v for v in _versions(cle, arrete_le) if v.apres["participe"]]
    return max(1, versions[-1].apres["nombre_effecteurs"]) if versions else 1
