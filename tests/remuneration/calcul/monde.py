"""De quoi écrire un petit monde : un SAS ouvert dans le Nord, des médecins qui participent, leurs orientations."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from annuaire.models import Departement, Effecteur, LieuExercice, Structure, Territoire
from orientation.enums import SourceIssue, TypeOrientation, Voie
from orientation.models import IssueOrientation, Orientation
from participation.models import VersionParticipation
from tests.annuaire.factories import DepartementFactory, LieuExerciceFactory, TerritoireFactory
from tests.comptes.factories import CompteFactory
from tests.orientation.factories import OrientationFactory

PARIS = ZoneInfo("Europe/Paris")
AVANT = datetime(2020, 1, 1, tzinfo=UTC)


def sas_ouvert(
    departement: Departement | None = None, *, depuis: date = date(2021, 1, 1), **options: object
) -> Territoire:
    return TerritoireFactory(
        departements=[departement or DepartementFactory()], ouvert_date=depuis, **options
    )


def declarer(
    titulaire: Effecteur | Structure, *, le: datetime = AVANT, participe: bool = True, **reponses: object
) -> VersionParticipation:
    """Une déclaration telle que `participation.actions` l’enregistre."""
    if isinstance(titulaire, Structure):
        apres = {
            "type_structure": titulaire.type,
            "participe": participe,
            "declare_deux_heures": participe,
            "nombre_effecteurs": 1,
        }
        return VersionParticipation.objects.create(structure=titulaire, le=le, apres=apres | reponses)
    apres = {
        "participe": participe,
        "modalite": "individuel" if participe else "",
        "type_structure": "",
        "structure": None,
        "lieux": [],
        "lieux_rattaches": 0,
        "utilise_logiciel": False if participe else None,
        "logiciels": [],
        "declare_deux_heures": participe,
        "refuse_affichage": False,
        "forfait_reorientation": False,
    }
    return VersionParticipation.objects.create(effecteur=titulaire, le=le, apres=apres | reponses)


def orienter(
    lieu: LieuExercice,
    debut: datetime,
    *,
    issue: str = "venu",
    avant: timedelta = timedelta(hours=4),
    **champs: object,
) -> Orientation:
    """Une orientation en sus vers ce lieu, et ce qu’elle est devenue (vide : on ne sait pas)."""
    orientation = OrientationFactory(
        surnumeraire=True, lieu=lieu, debut=debut, prise_le=debut - avant, **champs
    )
    if issue:
        dire(orientation, issue, le=debut + timedelta(hours=1))
    return orientation


def reorienter(lieu: LieuExercice, debut: datetime, *, issue: str = "venu") -> Orientation:
    """Une réorientation des urgences, sur une place de l’agenda."""
    orientation = OrientationFactory(
        type=TypeOrientation.IOA,
        voie=Voie.AGENDA_SAS,
        lieu=lieu,
        debut=debut,
        fin=None,
        prise_le=debut - timedelta(hours=4),
    )
    if issue:
        dire(orientation, issue, le=debut + timedelta(hours=1))
    return orientation


def dire(orientation: Orientation, issue: str, *, le: datetime) -> IssueOrientation:
    return IssueOrientation.objects.create(
        orientation=orientation, issue=issue, source=SourceIssue.TABLEAU, acteur=CompteFactory(), le=le
    )


def medecin(*, participe: bool = True, **lieu: object) -> LieuExercice:
    """Le cabinet, à Lille sauf `reunion=True`, d’un médecin qui participe depuis toujours."""
    cabinet = LieuExerciceFactory(**lieu)
    if participe:
        declarer(cabinet.effecteur)
    return cabinet
