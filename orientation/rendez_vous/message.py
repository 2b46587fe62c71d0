"""Lecture d’un `Appointment` reçu d’un éditeur : des octets à un rendez-vous, ou un refus nommé. Sans base.

Deux familles de refus, comme FHIR les distingue : 400 pour ce qui n’est pas un
Appointment lisible, 422 pour ce que le profil français ou nos règles refusent.
Ce qu’un patient pourrait y avoir laissé (texte, description, motif, participant
patient) n’est jamais rendu : ce qui n’est pas lu ne peut pas être gardé.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from orientation.enums import StatutRendezVous

TAILLE_MAX = 256_000
PROFONDEUR_MAX = 32
SYSTEME_MAX = 200
VALEUR_MAX = 255
REGULATEUR_MAX = 64

SYSTEME_PERSONNE = "urn:oid:1.2.250.1.71.4.2.1"
SYSTEME_SAS = "urn:oid:1.2.250.1.213.3.6"
PROFIL_SOS = "sas-sos-appointment"
# Dernier segment de l’URL : le guide annonce qu’il changera de racine, et en montre déjà deux.
PROFILS = frozenset({"frappointmentsas", PROFIL_SOS})
EXTENSION_OPERATEUR = "frappointmentoperator"
STATUTS_DE_PARTICIPANT = frozenset({"accepted", "needs-action"})
ANNEES = range(2000, 2101)

_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_PROFESSIONNEL = re.compile(r"8[0-9]{11}|0[0-9A-Z]{9}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_CONTROLE = re.compile(r"[\x00-\x1f\x7f]")
# Identifiants de patient : INS (NIR, NIA et leurs tests), et les types HL7 qui n’en désignent pas d’autre.
_SYSTEMES_PATIENT = re.compile(r"(?:urn:oid:)?1\.2\.250\.1\.213\.1\.4\.[0-9]+")
_TYPES_PATIENT = frozenset({"PI", "PT", "NI", "SS", "INS-NIR", "INS-NIA", "INS-C", "MR"})
_RESSOURCES_PATIENT = frozenset({"Patient", "RelatedPerson"})


class MessageRefuse(Exception):
    """Refus à rendre tel quel ; `code` est stable, et ne dit rien du contenu."""

    def __init__(self, status: int, code: str, phrase: str) -> None:
        super().__init__(phrase)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Cle:
    """Identifiant du rendez-vous chez l’éditeur ; `systeme` vide : non précisé dans la requête."""

    systeme: str
    valeur: str


@dataclass(frozen=True, slots=True)
class RendezVousLu:
    """`professionnel` est vide tant que le médecin n’est pas connu (SOS Médecins)."""

    cle: Cle | None
    statut: StatutRendezVous
    debut: datetime
    fin: datetime
    est_sos: bool
    regulateur: Cle
    professionnel: str
    pris_le: datetime | None
    version_le: datetime | None
    patient_ecarte: bool


def lire(octets: bytes) -> RendezVousLu:
    """Lève `MessageRefuse`."""
    corps = lire_json(octets)
    if corps.get("resourceType") != "Appointment":
        raise _illisible("ressource", "La ressource attendue est un Appointment.")
    profils = _profils(corps)
    debut, fin = _bornes(corps)
    participants = list(_participants(corps))
    patients = [p for p in participants if _designe_un_patient(p)]
    admis = [p for p in participants if p not in patients]
    professionnel = _professionnel(admis)
    est_sos = PROFIL_SOS in profils or (not profils and not professionnel)
    if not professionnel and not est_sos:
        raise _refus("professionnel", "Aucun participant n’est un professionnel identifié (RPPS ou ADELI).")
    if not admis:
        raise _refus("participant", "Il manque le participant : le professionnel, ou le type ADM.")
    return RendezVousLu(
        cle=_cle(corps),
        statut=_statut(corps),
        debut=debut,
        fin=fin,
        est_sos=est_sos,
        regulateur=_regulateur(corps),
        professionnel=professionnel,
        pris_le=_instant_facultatif(corps, "created"),
        version_le=_instant_facultatif(_objet(corps, "meta"), "lastUpdated"),
        patient_ecarte=bool(patients) or _contient_un_patient(corps),
    )


def lire_json(octets: bytes) -> dict[str, Any]:
    """JSON strict : UTF-8 entier, ni NaN, ni clé répétée, ni imbrication démesurée."""
    octets = octets.removeprefix(b"\xef\xbb\xbf")
    try:
        msgspec.json.decode(octets)  # plus strict que json : moitiés de caractère, NaN, constantes
        corps = json.loads(octets, object_pairs_hook=_sans_repetition)
    except RecursionError:
        raise _illisible("profondeur", "Le corps est imbriqué trop profondément.") from None
    except (ValueError, msgspec.MsgspecError):
        # Sans la cause : son texte cite parfois le corps.
        raise _illisible("json", "Le corps n’est pas du JSON lisible.") from None
    if not isinstance(corps, dict):
        raise _illisible("json", "Le corps n’est pas une ressource FHIR.")
    if _trop_profond(corps):
        raise _illisible("profondeur", "Le corps est imbriqué trop profondément.")
    return corps


def lire_cle_de_requete(parametres: list[tuple[str, str]]) -> Cle | None:
    """`identifier=système|valeur`, quelle que soit la casse du nom ; nul s’il n’y en a pas."""
    lues = {valeur for nom, valeur in parametres if nom.lower() == "identifier"}
    if not lues:
        return None
    if len(lues) > 1:
        raise _illisible("requete", "Le paramètre identifier est donné plusieurs fois.")
    systeme, _, valeur = lues.pop().strip().rpartition("|")
    if not valeur:
        raise _illisible("requete", "Le paramètre identifier s’écrit « système|valeur ».")
    return _verifier_la_cle(Cle(systeme, valeur))


# --- Les morceaux d’un Appointment ------------------------------------------------


def _cle(corps: dict[str, Any]) -> Cle | None:
    """Nul si le message n’en porte aucun : la requête peut le dire à sa place."""
    identifiants = _liste(corps, "identifier")
    if not identifiants:
        return None
    if len(identifiants) > 1:
        raise _refus("identifiant", "Un rendez-vous porte un identifiant, et un seul.")
    return _verifier_la_cle(_identifiant(identifiants[0]))


def _verifier_la_cle(cle: Cle) -> Cle:
    if not cle.valeur:
        raise _refus("identifiant", "L’identifiant du rendez-vous n’a pas de valeur.")
    _verifier_le_texte(cle.systeme, SYSTEME_MAX)
    _verifier_le_texte(cle.valeur, VALEUR_MAX)
    return cle


def _statut(corps: dict[str, Any]) -> StatutRendezVous:
    statut = _texte(corps, "status")
    if not statut:
        raise _illisible("statut", "Il manque le statut (status).")
    try:
        return StatutRendezVous(statut.lower())
    except ValueError:
        admis = ", ".join(StatutRendezVous.values)
        raise _refus("statut", f"Ce statut n’est pas attendu ; admis : {admis}.") from None


def _bornes(corps: dict[str, Any]) -> tuple[datetime, datetime]:
    bornes = []
    for nom in ("start", "end"):
        texte = _texte(corps, nom)
        if not texte:
            raise _refus("instant", f"Il manque l’instant {nom}.")
        instant = lire_instant(texte)
        if instant is None:
            raise _illisible("instant", f"{nom} n’est pas un instant FHIR avec son décalage.")
        if instant.year not in ANNEES:
            raise _refus("instant", f"{nom} est hors de portée.")
        bornes.append(instant)
    debut, fin = bornes
    if fin <= debut:
        raise _refus("intervalle", "La fin (end) doit suivre le début (start).")
    return debut, fin


def _profils(corps: dict[str, Any]) -> set[str]:
    annonces = _liste(_objet(corps, "meta"), "profile")
    if not all(isinstance(profil, str) for profil in annonces):
        raise _illisible("profil", "meta.profile n’est pas une liste d’URL.")
    noms = {profil.partition("|")[0].rstrip("/").rpartition("/")[2].lower() for profil in annonces}
    if noms and noms.isdisjoint(PROFILS):
        raise _refus("profil", "Le profil annoncé n’est ni FrAppointmentSAS ni sas-sos-appointment.")
    return noms


def _regulateur(corps: dict[str, Any]) -> Cle:
    operateurs = [
        extension
        for extension in map(_en_objet, _liste(corps, "extension"))
        if _texte(extension, "url").rpartition("/")[2].lower() == EXTENSION_OPERATEUR
    ]
    if len(operateurs) != 1:
        raise _refus("regulateur", "Il faut l’extension FrAppointmentOperator, une fois.")
    identifiant = _objet(_objet(operateurs[0], "valueReference"), "identifier")
    lu = _identifiant(identifiant)
    if not lu.valeur:
        raise _refus("regulateur", "FrAppointmentOperator ne porte pas d’identifiant.")
    _verifier_le_texte(lu.systeme, SYSTEME_MAX)
    _verifier_le_texte(lu.valeur, REGULATEUR_MAX)
    if lu.systeme not in (SYSTEME_PERSONNE, SYSTEME_SAS):
        # Le type le dit quand le système manque ou s’écrit autrement ; une forme d’UUID est technique.
        technique = "INTRN" in _codes_de_type(identifiant) or _UUID.fullmatch(lu.valeur)
        return Cle(SYSTEME_SAS if technique else SYSTEME_PERSONNE, lu.valeur)
    return lu


def _participants(corps: dict[str, Any]) -> Iterator[dict[str, Any]]:
    participants = _liste(corps, "participant")
    if not participants:
        raise _illisible("participant", "Il manque le participant (participant).")
    for participant in map(_en_objet, participants):
        statut = _texte(participant, "status")
        if not statut:
            raise _illisible("participant", "Il manque le statut d’un participant.")
        if statut.lower() not in STATUTS_DE_PARTICIPANT and not _designe_un_patient(participant):
            raise _refus("participant", "Le statut d’un participant n’est ni accepted ni needs-action.")
        yield participant


def _professionnel(participants: list[dict[str, Any]]) -> str:
    """Le premier professionnel identifié ; vide si aucun participant n’a d’acteur identifié."""
    for participant in participants:
        identifiant = _objet(_objet(participant, "actor"), "identifier")
        lu = _identifiant(identifiant)
        national = lu.systeme == SYSTEME_PERSONNE or (
            not lu.systeme and "IDNPS" in _codes_de_type(identifiant)
        )
        if national and not _PROFESSIONNEL.fullmatch(lu.valeur):
            raise _refus("professionnel", "L’identifiant du professionnel n’est ni un RPPS ni un ADELI.")
        if national:
            return lu.valeur
    return ""


def _designe_un_patient(participant: dict[str, Any]) -> bool:
    acteur = _objet(participant, "actor")
    identifiant = _objet(acteur, "identifier")
    reference = _texte(acteur, "reference").partition("|")[0].split("/")
    return (
        _texte(acteur, "type").rpartition("/")[2] in _RESSOURCES_PATIENT
        or not _RESSOURCES_PATIENT.isdisjoint(reference)
        or _SYSTEMES_PATIENT.fullmatch(_texte(identifiant, "system")) is not None
        or not _TYPES_PATIENT.isdisjoint(_codes_de_type(identifiant))
    )


def _contient_un_patient(corps: dict[str, Any]) -> bool:
    contenues = map(_en_objet, _liste(corps, "contained"))
    return any(_texte(contenue, "resourceType") in _RESSOURCES_PATIENT for contenue in contenues)


def _identifiant(identifiant: Any) -> Cle:
    objet = _en_objet(identifiant)
    return Cle(_texte(objet, "system").strip(), _texte(objet, "value").strip())


def _codes_de_type(identifiant: dict[str, Any]) -> set[str]:
    codings = map(_en_objet, _liste(_objet(identifiant, "type"), "coding"))
    return {_texte(coding, "code") for coding in codings}


# --- Valeurs ----------------------------------------------------------------------


def lire_instant(texte: str) -> datetime | None:
    """Instant FHIR avec décalage, en UTC ; nul s’il est mal formé ou incalculable."""
    if not _INSTANT.fullmatch(texte):
        return None
    try:
        return datetime.fromisoformat(_a_la_microseconde(texte)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _a_la_microseconde(texte: str) -> str:
    return re.sub(r"(\.[0-9]{6})[0-9]+", r"\1", texte)


def _instant_facultatif(objet: dict[str, Any], nom: str) -> datetime | None:
    """Un instant qui n’est pas lisible, ou d’un autre siècle, vaut absent : il ne fait que dater."""
    instant = lire_instant(_texte(objet, nom))
    return instant if instant is not None and instant.year in ANNEES else None


def _verifier_le_texte(texte: str, longueur: int) -> None:
    if len(texte) > longueur:
        raise _illisible("longueur", "Un identifiant est trop long.")
    if _CONTROLE.search(texte):
        raise _illisible("signe", "Un identifiant porte un signe de contrôle.")


def _texte(objet: dict[str, Any], nom: str) -> str:
    valeur = objet.get(nom)
    if valeur is None:
        return ""
    if not isinstance(valeur, str):
        raise _illisible("forme", f"{nom} n’est pas un texte.")
    return valeur


def _objet(objet: dict[str, Any], nom: str) -> dict[str, Any]:
    return _en_objet(objet.get(nom) if objet.get(nom) is not None else {})


def _en_objet(valeur: Any) -> dict[str, Any]:
    if not isinstance(valeur, dict):
        raise _illisible("forme", "Un élément n’a pas la forme que FHIR lui donne.")
    return valeur


def _liste(objet: dict[str, Any], nom: str) -> list[Any]:
    valeur = objet.get(nom)
    if valeur is None:
        return []
    if not isinstance(valeur, list):
        raise _illisible("forme", f"{nom} n’est pas une liste.")
    return valeur


def _sans_repetition(paires: list[tuple[str, Any]]) -> dict[str, Any]:
    objet = dict(paires)
    if len(objet) != len(paires):
        raise ValueError("clé répétée")
    return objet


def _trop_profond(valeur: Any, niveau: int = 0) -> bool:
    if niveau > PROFONDEUR_MAX:
        return True
    contenus: Any = ()
    if isinstance(valeur, dict):
        contenus = valeur.values()
    elif isinstance(valeur, list):
        contenus = valeur
    return any(_trop_profond(contenu, niveau + 1) for contenu in contenus)


def _illisible(code: str, phrase: str) -> MessageRefuse:
    return MessageRefuse(400, code, phrase)


def _refus(code: str, phrase: str) -> MessageRefuse:
    return MessageRefuse(422, code, phrase)
