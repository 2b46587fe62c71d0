"""Ce que les pages de suivi disent d’une orientation."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from agenda.enums import Genre, ModaliteConsultation
from agenda.lectures import PlaceGardee
from annuaire.enums import accueil_en_clair
from orientation import rendu
from orientation.enums import Issue, TypeOrientation, Voie
from orientation.models import IssueOrientation, Orientation

CONSIGNE = "Si votre état s’aggrave, rappelez le 15."
_COULEURS = {Issue.VENU: "success", Issue.PAS_VENU: "warning", Issue.ANNULE: "info"}


def decrire(orientation: Orientation) -> dict[str, Any]:
    """Lit ce que charge `pour_affichage`, et `issue_retenue` si la requête l’a jointe."""
    lieu = orientation.lieu
    issue = getattr(orientation, "issue_retenue", None)
    annulation = getattr(orientation, "annulation", None)
    return {
        "orientation": orientation,
        "resume": rendu.resume(lieu, par=orientation.structure),
        "genre": genre_de(orientation),
        "en_sus": orientation.voie == Voie.SURNUMERAIRE,
        "moment": rendu.moment(
            orientation.debut, orientation.fin, lieu.fuseau, est_plage=_est_plage(orientation)
        ),
        "issue_libelle": Issue(issue).label if issue else "",
        "issue_couleur": _COULEURS[Issue(issue)] if issue else "",
        "motif": annulation.get_motif_display() if annulation else "",
        "annulation": annulation,
    }


def place_tenue(gardee: PlaceGardee, maintenant: datetime) -> dict[str, Any]:
    """La place que l’on tient, en tête des résultats ; à l’heure du lieu."""
    creneau, lieu = gardee.creneau, gardee.lieu
    return {
        "creneau_id": creneau.id,
        "ancre": f"offre-l{lieu.pk}",
        "resume": rendu.resume(lieu),
        "moment": rendu.moment(creneau.debut, creneau.fin, lieu.fuseau, est_plage=creneau.est_plage),
        "jusqu_a": rendu.heure(gardee.tenue.expire_le.astimezone(ZoneInfo(lieu.fuseau))),
        "restent_s": int((gardee.tenue.expire_le - maintenant).total_seconds()),
        "prolongeable": gardee.tenue.prolongee_le is None,
    }


def genre_de(orientation: Orientation) -> str:
    if orientation.type == TypeOrientation.IOA:
        return "Réorientation depuis les urgences"
    if orientation.voie == Voie.SURNUMERAIRE:
        return "En sus des disponibilités"
    return "Plage" if _est_plage(orientation) else "Créneau"


def histoire(orientation: Orientation) -> list[IssueOrientation]:
    """Les issues dites, la dernière d’abord : c’est elle qui compte."""
    return list(IssueOrientation.objects.filter(orientation=orientation).order_by("-le", "-pk"))


def ligne_csv(orientation: Orientation) -> tuple[str, ...]:
    paris, fuseau = ZoneInfo(rendu.FUSEAU_DE_PARIS), ZoneInfo(orientation.lieu.fuseau)
    dite = decrire(orientation)
    return (
        f"{orientation.prise_le.astimezone(paris):%d/%m/%Y %H:%M}",
        orientation.territoire.nom if orientation.territoire else "",
        dite["genre"],
        str(orientation.structure or dite["resume"].titre),
        orientation.lieu.commune.nom,
        orientation.territoire_destinataire.nom if orientation.territoire_destinataire else "",
        f"{orientation.debut.astimezone(fuseau):%d/%m/%Y %H:%M}",
        "Annulée" if orientation.annulee_le else "Enregistrée",
        dite["motif"],
        dite["issue_libelle"],
    )


@dataclass(frozen=True, slots=True)
class Bulletin:
    """Ce que l’on dit au patient : rien qui vienne de lui, rien de réservé à la régulation.

    `adresse` : où se rendre, vide s’il reste chez lui ; `autrement` : ce qui remplace le cabinet, ou peut le
    remplacer ; `acces` : ce que le lieu dit de son accueil.
    """

    nom: str
    profession: str
    adresse: str
    autrement: str
    acces: str
    telephone: str
    moment: str
    fuseau_autre: str
    itineraire: str
    consigne: str = CONSIGNE

    def texte(self) -> str:
        lignes = [
            f"Rendez-vous {self.moment}" + (f" (heure de {self.fuseau_autre})" if self.fuseau_autre else ""),
            f"{self.nom}, {self.profession}" if self.profession else self.nom,
            f"Pour s’y rendre\u00a0: {self.adresse}" if self.adresse else "",
            self.autrement,
            self.acces,
            f"Téléphone\u00a0: {self.telephone}" if self.telephone else "",
            self.consigne,
        ]
        return "\n".join(ligne for ligne in lignes if ligne)


def bulletin_de(orientation: Orientation) -> Bulletin:
    lieu = orientation.lieu
    resume = rendu.resume(lieu)
    # En sus, rien n’est dit de la modalité : c’est au cabinet.
    s_y_rend = not orientation.modalites or ModaliteConsultation.CABINET in orientation.modalites
    adresse = ", ".join(partie for partie in (lieu.nom, resume.adresse) if partie)
    return Bulletin(
        nom=resume.titre,
        profession=resume.sous_titre,
        adresse=adresse if s_y_rend else "",
        autrement=_autrement(orientation.modalites, s_y_rend=s_y_rend),
        acces=accueil_en_clair(lieu.accueil, lieu.langues) if s_y_rend else "",
        telephone=resume.telephone,
        moment=rendu.moment(
            orientation.debut, orientation.fin, lieu.fuseau, est_plage=_est_plage(orientation)
        ),
        fuseau_autre=resume.fuseau_autre,
        # Ce que le téléphone sait ouvrir, sans qu’une adresse parte d’ici chez un tiers.
        itineraire=f"geo:{lieu.lat:.5f},{lieu.lon:.5f}?q={quote(resume.adresse)}",
    )


_SANS_SE_DEPLACER = {
    ModaliteConsultation.TELECONSULTATION: "en téléconsultation",
    ModaliteConsultation.DOMICILE: "à domicile, le professionnel se déplace chez vous",
}


def _autrement(modalites: Collection[str], *, s_y_rend: bool) -> str:
    """« À domicile, le professionnel se déplace chez vous », « Ou en téléconsultation, si c’est convenu » ; vide sinon."""
    dites = " ou ".join(phrase for modalite, phrase in _SANS_SE_DEPLACER.items() if modalite in modalites)
    if not dites:
        return ""
    return f"Ou {dites}, si c’est convenu" if s_y_rend else f"{dites[:1].upper()}{dites[1:]}"


def _est_plage(orientation: Orientation) -> bool:
    reservation = orientation.reservation
    return reservation is not None and reservation.disponibilite.genre == Genre.PLAGE
