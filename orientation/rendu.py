"""De l’offre à la carte : textes, colonnes de jours, créneaux.

C’est le chemin le plus chaud des pages : une carte porte jusqu’à une
cinquantaine de créneaux, et dix cartes passent par ici à chaque recherche. Les
créneaux sont donc écrits à la main ; le reste de la carte est un gabarit plat
(docs/adr/0009). Tout texte venu de dehors passe par `escape`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from agenda.domaine.offre import JOURS_MONTRES
from agenda.enums import ModaliteConsultation
from agenda.lectures import CreneauSas
from agenda.offre import CreneauOffert
from annuaire.domaine.telephones import ecrire_telephone
from annuaire.models import LieuExercice
from orientation.domaine.classement import distance
from orientation.lectures import Offre

CRENEAUX_PAR_JOUR = 4
INFORMATIONS_COURTES = 100
JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MOIS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
FUSEAU_DE_PARIS = "Europe/Paris"
LETTRES = {
    ModaliteConsultation.CABINET.value: "C",
    ModaliteConsultation.TELECONSULTATION.value: "T",
    ModaliteConsultation.DOMICILE.value: "D",
}
LEGENDE = tuple((code, lettre, str(ModaliteConsultation(code).label)) for code, lettre in LETTRES.items())
_LETTRES_HTML = {
    modalite: f'<abbr class="sas-modalite" title="{ModaliteConsultation(modalite).label}">{lettre}</abbr>'
    for modalite, lettre in LETTRES.items()
}
# Marque de remplacement des adresses : `reverse` coûte plus que tout le reste d’un créneau.
_MARQUE = "IDENTIFIANT"


@dataclass(frozen=True, slots=True)
class Carte:
    """Une offre prête pour le gabarit : que du texte, rien à calculer."""

    ancre: str
    titre: str
    sous_titre: str
    details: str
    adresse: str
    telephone: str
    telephone_lien: str
    distance: str
    raison: str
    infos_debut: str
    infos: str
    est_libre: bool
    participe: bool
    en_sus: bool
    lien_en_sus: str
    jours: SafeString
    fuseau_autre: bool


def cartes(offres: Sequence[Offre], *, maintenant: datetime, jeton: str, oriente: bool) -> list[Carte]:
    """Cartes d’une page, dans l’ordre reçu ; `oriente` : avec les liens pour orienter."""
    liens = Liens.vers(jeton) if oriente else None
    return [_carte(offre, maintenant, liens) for offre in offres]


@dataclass(frozen=True, slots=True)
class Liens:
    """Modèles d’adresses où `_MARQUE` tient la place de l’identifiant du créneau."""

    orienter: str
    rediriger: str
    en_sus: str

    @classmethod
    def vers(cls, jeton: str) -> Liens:
        suite = f"?recherche={escape(jeton)}" if jeton else ""
        return cls(
            orienter=_modele("orientation:orienter", "creneau_id") + suite,
            rediriger=_modele("orientation:rediriger", "creneau_id"),
            en_sus=_modele("orientation:orienter_en_sus", "lieu_id") + suite,
        )


def fraicheur(creneau: CreneauOffert) -> str:
    """Source d’un créneau, et âge de sa saisie ou de sa lecture chez l’éditeur."""
    source, verbe = ("Agenda SAS", "saisi") if creneau.source == "agenda_sas" else (creneau.editeur, "lu")
    return source or "" if creneau.age_s is None else f"{source} · {verbe} {_il_y_a(creneau.age_s)}"


def _il_y_a(age_s: int) -> str:
    if age_s < 60:
        return "à l’instant"
    if age_s < 3600:
        return f"il y a {age_s // 60} min"
    if age_s < 86_400:
        return f"il y a {age_s // 3600} h"
    return f"il y a {age_s // 86_400} j"


def heure(instant: datetime) -> str:
    return f"{instant.hour:02d}h{instant.minute:02d}"


def jour_long(jour: date) -> str:
    """« lundi 4 mars 2024 » ; le premier du mois s’écrit « 1er »."""
    numero = "1er" if jour.day == 1 else str(jour.day)
    return f"{JOURS[jour.weekday()]} {numero} {MOIS[jour.month - 1]} {jour.year}"


@dataclass(frozen=True, slots=True)
class Resume:
    """Le destinataire d’une orientation, en tête de chaque étape."""

    titre: str
    sous_titre: str
    adresse: str
    telephone: str
    telephone_lien: str
    infos: str
    fuseau_autre: str


def resume(lieu: LieuExercice) -> Resume:
    """Lit `effecteur__profession`, `structure` et `commune`, à charger avec le lieu."""
    nom = str(lieu.effecteur or lieu.structure or lieu.nom)
    if lieu.effecteur is not None:
        sous_titre = lieu.effecteur.profession.libelle
    else:
        sous_titre = lieu.structure.get_type_display() if lieu.structure else ""
    affiche, lien = ecrire_telephone(lieu.telephone)
    ville = f"{lieu.code_postal} {lieu.commune.nom}".strip()
    return Resume(
        titre=nom,
        sous_titre=sous_titre,
        adresse=", ".join(partie for partie in (lieu.adresse, ville) if partie),
        telephone=affiche,
        telephone_lien=lien,
        infos=lieu.informations_complementaires.strip(),
        fuseau_autre="" if lieu.fuseau == FUSEAU_DE_PARIS else lieu.commune.nom,
    )


def moment(debut: datetime, fin: datetime | None, fuseau: str, *, est_plage: bool) -> str:
    """« lundi 4 mars 2024 à 09h15 » ou « … sur la plage 09h00 – 12h00 », à l’heure du lieu."""
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


def titre(offre: Offre) -> str:
    if offre.effecteur is not None:
        return f"{offre.effecteur.prenom} {offre.effecteur.nom}".strip()
    if offre.structure is not None:
        return offre.structure.nom
    return offre.lieu.nom


def sous_titre(offre: Offre) -> str:
    if offre.effecteur is not None:
        return str(offre.effecteur.profession)
    return str(offre.structure.type) if offre.structure is not None else ""


def adresse(offre: Offre) -> str:
    lieu = offre.lieu
    ville = f"{lieu.code_postal} {lieu.commune}".strip()
    return ", ".join(partie for partie in (lieu.adresse, ville) if partie)


def _carte(offre: Offre, maintenant: datetime, liens: Liens | None) -> Carte:
    affiche, lien = ecrire_telephone(offre.lieu.telephone)
    infos = offre.lieu.informations.strip()
    fuseau = ZoneInfo(offre.lieu.fuseau)
    return Carte(
        ancre=f"offre-{offre.id}",
        titre=titre(offre),
        sous_titre=sous_titre(offre),
        details=_details(offre),
        adresse=adresse(offre),
        telephone=affiche,
        telephone_lien=lien,
        distance=distance(offre.distance_km),
        raison=offre.raison_du_rang,
        infos_debut=_couper(infos) if len(infos) > INFORMATIONS_COURTES else "",
        infos=infos,
        est_libre=offre.groupe <= 2,
        participe=offre.participe,
        en_sus=offre.en_sus,
        lien_en_sus=liens.en_sus.replace(_MARQUE, offre.lieu.id) if liens else "",
        jours=colonnes(offre.creneaux, aujourd_hui=maintenant.astimezone(fuseau).date(), liens=liens),
        fuseau_autre=offre.lieu.fuseau != FUSEAU_DE_PARIS,
    )


def _details(offre: Offre) -> str:
    parties: list[str] = []
    if offre.effecteur is not None:
        parties += [s for s in offre.effecteur.specialites if s != offre.effecteur.profession]
        parties.append(offre.effecteur.conventionnement)
        if offre.structure is not None:
            parties.append(offre.structure.nom)
    return " · ".join(partie for partie in parties if partie)


def _couper(texte: str) -> str:
    debut = texte[:INFORMATIONS_COURTES]
    return f"{debut.rsplit(' ', 1)[0]}…" if " " in debut else f"{debut}…"


def colonnes(creneaux: Iterable[CreneauOffert], *, aujourd_hui: date, liens: Liens | None) -> SafeString:
    """Trois colonnes, aujourd’hui d’abord, à la date du lieu (W-19c).

    La source et la fraîcheur sont dites une fois si tous les créneaux les
    partagent, sinon sur chacun.
    """
    montres = list(creneaux)
    sources = {fraicheur(creneau) for creneau in montres}
    commune = sources.pop() if len(sources) == 1 else ""
    par_jour: dict[date, list[CreneauOffert]] = {
        aujourd_hui + timedelta(days=n): [] for n in range(JOURS_MONTRES)
    }
    for creneau in montres:
        # Une plage commencée la veille, à cheval sur minuit, se lit aujourd’hui.
        jour = max(creneau.debut.date(), aujourd_hui)
        if jour in par_jour:
            par_jour[jour].append(creneau)
    html = [
        _colonne(rang, jour, lus, liens, source=not commune)
        for rang, (jour, lus) in enumerate(par_jour.items())
    ]
    if commune:
        html.append(f'<p class="sas-jours__source">Source : {escape(commune)}</p>')
    return mark_safe("".join(html))  # noqa: S308 - tout texte est échappé plus bas


def _colonne(
    rang: int, jour: date, creneaux: list[CreneauOffert], liens: Liens | None, *, source: bool
) -> str:
    nom = ("Aujourd’hui", "Demain", "Après-demain")[rang]
    tete = f'<div class="sas-jour"><h4 class="sas-jour__titre">{nom} <span>{JOURS[jour.weekday()][:3]}. {jour.day}</span></h4>'
    if not creneaux:
        return f'{tete}<p class="sas-jour__vide">Pas de créneau disponible</p></div>'
    quand = f"{JOURS[jour.weekday()]} {jour.day} {MOIS[jour.month - 1]}"
    items = [_creneau(creneau, quand, liens, source=source) for creneau in creneaux]
    liste = f'<ul class="sas-creneaux">{"".join(items[:CRENEAUX_PAR_JOUR])}</ul>'
    reste = items[CRENEAUX_PAR_JOUR:]
    if reste:
        liste += (
            '<details class="sas-plus"><summary><span class="sas-plus__voir">Voir plus de créneaux</span>'
            '<span class="sas-plus__cacher">Voir moins de créneaux</span>'
            f'<span class="fr-sr-only"> le {quand}</span> <span>({len(reste)})</span></summary>'
            f'<ul class="sas-creneaux">{"".join(reste)}</ul></details>'
        )
    return f"{tete}{liste}</div>"


def _creneau(creneau: CreneauOffert, quand: str, liens: Liens | None, *, source: bool) -> str:
    lettres = "".join(_LETTRES_HTML.get(modalite, "") for modalite in creneau.modalites)
    suite = f'<span class="sas-creneau__source">{escape(fraicheur(creneau))}</span>' if source else ""
    debut = heure(creneau.debut)
    if creneau.source != "agenda_sas":
        contenu = f'<span class="sas-creneau__heure">{debut}</span> {lettres}{suite}'
        if not creneau.lien:
            return (
                '<li><span class="sas-creneau sas-creneau--telephone">'
                f'{contenu}<span class="fr-sr-only"> (par téléphone)</span></span></li>'
            )
        if liens is None:
            return f'<li><span class="sas-creneau">{contenu}</span></li>'
        action = liens.rediriger.replace(_MARQUE, creneau.id)
        return (
            f'<li><button class="sas-creneau sas-creneau--editeur" form="redirection" formaction="{action}">'
            f'<span class="fr-sr-only">Réserver chez l’éditeur, {quand}, </span>{contenu}'
            '<span class="fr-sr-only"> (nouvel onglet)</span></button></li>'
        )
    compte = ""
    if creneau.est_plage:
        compte = (
            f'<span class="sas-creneau__places">{creneau.prises}/{creneau.capacite}'
            '<span class="fr-sr-only"> patients adressés</span></span>'
        )
    contenu = (
        f'<span class="sas-creneau__heure">{debut} – {heure(creneau.fin)}</span> {lettres}{compte}{suite}'
    )
    if liens is None:
        return f'<li><span class="sas-creneau">{contenu}</span></li>'
    return (
        f'<li><a class="sas-creneau" href="{liens.orienter.replace(_MARQUE, creneau.id)}">'
        f'<span class="fr-sr-only">Adresser un patient, {quand}, </span>{contenu}</a></li>'
    )


def _modele(route: str, parametre: str) -> str:
    return reverse(route, kwargs={parametre: _MARQUE})
