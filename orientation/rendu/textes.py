"""Ce que les pages disent d’un créneau et d’un lieu, en français."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from agenda.enums import ModaliteConsultation
from agenda.lectures import CreneauSas
from agenda.offre import CreneauOffert
from annuaire.domaine.telephones import ecrire_telephone
from annuaire.models import LieuExercice, Structure
from orientation.sollicitation import Contact
from sas_platform.socle.francais import heure, jour_long

FUSEAU_DE_PARIS = "Europe/Paris"
LETTRES = {
    ModaliteConsultation.CABINET.value: "C",
    ModaliteConsultation.TELECONSULTATION.value: "T",
    ModaliteConsultation.DOMICILE.value: "D",
}
LEGENDE = tuple((code, lettre, str(ModaliteConsultation(code).label)) for code, lettre in LETTRES.items())


def fraicheur(creneau: CreneauOffert) -> str:
    """Source d’un créneau, et âge de sa saisie ou de sa lecture chez l’éditeur, trop vieille peut-être."""
    source, verbe = ("Agenda SAS", "saisi") if creneau.source == "agenda_sas" else (creneau.editeur, "lu")
    if creneau.age_s is None:
        return source or ""
    ancien = ", à vérifier" if creneau.est_ancien else ""
    return f"{source} · {verbe} {_il_y_a(creneau.age_s)}{ancien}"


def ouvert_aux_cpts(noms: Sequence[str]) -> str:
    """« Créneau ouvert à la CPTS X » ; vide pour un créneau que toute la régulation peut proposer."""
    if not noms:
        return ""
    propres = [re.sub(r"^CPTS\s+", "", nom, flags=re.IGNORECASE) for nom in noms]
    if len(propres) == 1:
        return f"Créneau ouvert à la CPTS {propres[0]}"
    return f"Créneau ouvert aux CPTS {', '.join(propres[:-1])} et {propres[-1]}"


def _il_y_a(age_s: int) -> str:
    if age_s < 60:
        return "à l’instant"
    if age_s < 3600:
        return f"il y a {age_s // 60} min"
    if age_s < 86_400:
        return f"il y a {age_s // 3600} h"
    return f"il y a {age_s // 86_400} j"


@dataclass(frozen=True, slots=True)
class Resume:
    """Le destinataire d’une orientation, en tête de chaque étape ; `structure` : celle par laquelle il reçoit."""

    titre: str
    sous_titre: str
    adresse: str
    telephone: str
    telephone_lien: str
    infos: str
    fuseau_autre: str
    contact: Contact | None = None
    structure: str = ""
    structure_telephone: str = ""
    structure_telephone_lien: str = ""


def resume(lieu: LieuExercice, contact: Contact | None = None, *, par: Structure | None = None) -> Resume:
    """Lit `effecteur__profession`, `structure` et `commune`, à charger avec le lieu.

    `par` : la structure qui reçoit. Le professionnel reste nommé ; elle, et son numéro, le sont à côté (W-24).
    """
    nom = str(lieu.effecteur or lieu.structure or lieu.nom)
    if lieu.effecteur is not None:
        sous_titre = lieu.effecteur.profession.libelle
    else:
        sous_titre = lieu.structure.get_type_display() if lieu.structure else ""
    affiche, lien = ecrire_telephone(lieu.telephone)
    ville = f"{lieu.code_postal} {lieu.commune.nom}".strip()
    recoit = par if lieu.effecteur_id else None
    par_telephone, par_lien = ecrire_telephone(recoit.telephone) if recoit else ("", "")
    return Resume(
        titre=nom,
        sous_titre=sous_titre,
        adresse=", ".join(partie for partie in (lieu.adresse, ville) if partie),
        telephone=affiche,
        telephone_lien=lien,
        infos=lieu.informations_complementaires.strip(),
        fuseau_autre="" if lieu.fuseau == FUSEAU_DE_PARIS else lieu.commune.nom,
        contact=contact,
        structure=recoit.nom if recoit else "",
        structure_telephone=par_telephone,
        structure_telephone_lien=par_lien,
    )


def moment(debut: datetime, fin: datetime | None, fuseau: str, *, est_plage: bool) -> str:
    """« lundi 4 mars 2024 à 9 h 15 » ou « … sur la plage 9 h – 12 h », à l’heure du lieu."""
    local = debut.astimezone(ZoneInfo(fuseau))
    if est_plage and fin is not None:
        return f"{jour_long(local)} sur la plage {heure(local)} – {heure(fin.astimezone(ZoneInfo(fuseau)))}"
    return f"{jour_long(local)} à {heure(local)}"


def modalites(codes: Iterable[str]) -> list[tuple[str, str]]:
    """Lettre et libellé, dans l’ordre C, T, D."""
    lus = set(codes)
    return [(lettre, libelle) for code, lettre, libelle in LEGENDE if code in lus]


def changements(vue: dict[str, Any] | None, creneau: CreneauSas) -> list[str]:
    """Ce qui a bougé entre l’écran précédent (`vue`) et maintenant, en phrases ; vide si rien."""
    if not vue:
        return []
    phrases = []
    fin = datetime.fromtimestamp(vue["fin"], creneau.fin.tzinfo)
    debut = datetime.fromtimestamp(vue["debut"], creneau.debut.tzinfo)
    if (debut, fin) != (creneau.debut, creneau.fin):
        phrases.append(
            f"L’horaire est passé de {heure(debut)} – {heure(fin)} "
            f"à {heure(creneau.debut)} – {heure(creneau.fin)}."
        )
    if tuple(vue["modalites"]) != creneau.modalites:
        libelles = ", ".join(libelle for _, libelle in modalites(creneau.modalites))
        phrases.append(f"Le type de consultation a changé : {libelles}.")
    if (vue["capacite"], vue["prises"]) != (creneau.capacite, creneau.prises):
        restantes = creneau.capacite - creneau.prises
        phrases.append(f"Il reste {restantes} place{'s' if restantes > 1 else ''} sur {creneau.capacite}.")
    return phrases
