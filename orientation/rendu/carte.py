"""De l’offre à la carte, et de la carte au HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import NamedTuple
from urllib.parse import quote
from zlib import crc32
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from annuaire.domaine.telephones import ecrire_telephone
from annuaire.enums import accueil_en_clair
from orientation.domaine.classement import Groupe, distance
from orientation.lectures import CptsGroupee, Offre
from orientation.rendu.creneaux import MARQUE, Liens, colonnes
from orientation.rendu.textes import FUSEAU_DE_PARIS
from orientation.sollicitation import Contact
from participation.enums import Modalite

INFORMATIONS_COURTES = 100


class Relais(NamedTuple):
    """Les structures par lesquelles on participe : elles reçoivent en sus, et non soi (S-24, S-86).

    `marche` : celle de l’échelle qui mène à elles (`orientation.echelle`).
    """

    marche: str
    via: str
    bouton: str


_RELAIS = {
    Modalite.MSP.value: Relais("msp", " via une maison de santé", "Maisons de santé qui reçoivent en sus"),
    Modalite.SOS.value: Relais("sos", " via SOS Médecins", "Points fixes SOS Médecins"),
}


@dataclass(frozen=True, slots=True)
class Carte:
    """Une offre prête à écrire : que du texte, rien à calculer ; seul `jours` est déjà du HTML."""

    lieu_id: int
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
    contact: Contact | None = None
    medecin_traitant: bool = False
    via: str = ""
    relais: Relais | None = None
    forfait: bool = False
    cpts: CptsGroupee | None = None
    itineraire: str = ""
    accueil: str = ""


def cartes(
    offres: Sequence[Offre],
    *,
    maintenant: datetime,
    jeton: str,
    oriente: bool,
    contacts: Mapping[str, Contact] | None = None,
    cpts: Mapping[str, CptsGroupee] | None = None,
    dit_le_forfait: bool = False,
) -> list[Carte]:
    """Cartes d’une page, dans l’ordre reçu ; `oriente` : avec les liens pour orienter.

    `contacts` : ceux qui sont réservés à la régulation, par identifiant d’offre ; `cpts` : celles que la
    carte annonce, au rang de leur premier membre.
    """
    liens = Liens.vers(jeton) if oriente else None
    reserves, annoncees = contacts or {}, cpts or {}
    return [
        _carte(
            offre,
            maintenant,
            liens,
            reserves.get(offre.id),
            annoncees.get(offre.id),
            forfait=offre.forfait and dit_le_forfait,
        )
        for offre in offres
    ]


def liste(
    cartes: Sequence[Carte],
    *,
    oriente: bool,
    oriente_en_sus: bool,
    signaux: Mapping[int, Sequence[str]] | None = None,
) -> SafeString:
    """Les cartes en HTML ; rien s’il n’y en a pas. `oriente` : avec les informations réservées à la régulation.

    `signaux` : ce qui se passe aujourd’hui dans chaque lieu (`orientation.suivi.lectures`), réservé lui aussi.
    """
    if not cartes:
        return SafeString()
    dits = signaux or {}
    articles = [
        _article(carte, dits.get(carte.lieu_id, ()), oriente=oriente, oriente_en_sus=oriente_en_sus)
        for carte in cartes
    ]
    return mark_safe(f'<ul class="sas-cartes">{"".join(articles)}</ul>')  # noqa: S308 - texte échappé plus bas


@dataclass(frozen=True, slots=True)
class Mobile:
    """Ce qui change d’une carte tant qu’elle est à l’écran, en HTML ; `version` change avec lui, âges compris."""

    version: str
    agenda: str
    raison: str


def mobile(carte: Carte, signaux: Sequence[str] = (), *, oriente_en_sus: bool) -> Mobile:
    agenda = _agenda(carte, signaux, escape(carte.titre), oriente_en_sus=oriente_en_sus)
    raison = _raison(carte)
    return Mobile(f"{crc32((agenda + raison).encode()):08x}", agenda, raison)


def _article(carte: Carte, signaux: Sequence[str], *, oriente: bool, oriente_en_sus: bool) -> str:
    titre = escape(carte.titre)
    ancre = escape(carte.ancre)
    vivant = mobile(carte, signaux, oriente_en_sus=oriente_en_sus)
    return (
        f'{_cpts(carte.cpts, oriente=oriente)}<li><article class="sas-carte" id="{ancre}" aria-labelledby="{ancre}-titre" '
        f'data-version="{vivant.version}">'
        '<div class="sas-carte__identite">'
        f'<h3 class="sas-carte__titre" id="{ancre}-titre">{titre}</h3>'
        f"{_identite(carte, titre)}{_contact(carte) + _informations(carte) if oriente else ''}{vivant.raison}</div>"
        f'<div class="sas-carte__agenda">{vivant.agenda}</div>'
        "</article></li>"
    )


def _cpts(cpts: CptsGroupee | None, *, oriente: bool) -> str:
    """Une CPTS du secteur, au rang de son premier membre ; le bouton vise le formulaire « affinage » de la page."""
    if cpts is None:
        return ""
    nom, ancre = escape(cpts.nom), f"cpts-{cpts.id}"
    affiche, lien = ecrire_telephone(cpts.telephone)
    telephone = (
        f'<p><a class="fr-link fr-icon-phone-line fr-link--icon-left" href="tel:{escape(lien)}">'
        f'<span class="fr-sr-only">Appeler {nom}, </span>{escape(affiche)}</a></p>'
        if affiche
        else ""
    )
    infos = f'<p class="sas-infos">{escape(cpts.informations)}</p>' if oriente and cpts.informations else ""
    plies = cpts.membres - cpts.libres - (cpts.libres == 0)
    suite = (
        f" {plies} autre{_s(plies)} sans créneau {'sont regroupés' if plies > 1 else 'est regroupé'} ici."
        if plies
        else ""
    )
    return (
        f'<li><section class="sas-cpts" id="{ancre}" aria-labelledby="{ancre}-titre">'
        f'<h3 class="sas-carte__titre" id="{ancre}-titre">{nom}</h3>'
        '<p class="fr-badge fr-badge--info fr-badge--no-icon fr-badge--sm">CPTS du secteur</p>'
        f"{telephone}{infos}<p>{cpts.membres} professionnel{_s(cpts.membres)} dans cette liste, "
        f"dont {cpts.libres} avec créneau.{suite}</p>"
        f'<button class="fr-btn fr-btn--secondary fr-btn--sm" form="affinage" name="cpts" value="{cpts.id}">'
        f'Voir tous les professionnels<span class="fr-sr-only"> de {nom}</span></button></section></li>'
    )


def _s(nombre: int) -> str:
    return "s" if nombre > 1 else ""


_BADGE = '<p class="fr-badge fr-badge--{} fr-badge--no-icon fr-badge--sm">{}</p> '


def _badges(carte: Carte) -> str:
    html = ""
    if carte.medecin_traitant:
        html += _BADGE.format("new", "Médecin traitant")
    if carte.participe:
        html += _BADGE.format("success", escape(f"Participe au SAS{carte.via}"))
    if carte.en_sus:
        html += _BADGE.format("info", "Accepte des patients en sus")
    if carte.forfait:
        html += _BADGE.format("info", "Forfait de réorientation des urgences")
    return html


def _identite(carte: Carte, titre: str) -> str:
    html = _badges(carte)
    if carte.sous_titre:
        html += f'<p class="sas-carte__profession">{escape(carte.sous_titre)}</p>'
    if carte.details:
        html += f'<p class="sas-carte__details">{escape(carte.details)}</p>'
    ecart = f'<strong class="sas-carte__distance">{escape(carte.distance)}</strong>' if carte.distance else ""
    html += f'<p class="sas-carte__adresse">{escape(carte.adresse)} {ecart}{_itineraire(carte, titre)}</p>'
    if carte.accueil:
        html += f'<p class="sas-carte__details">{escape(carte.accueil)}</p>'
    if carte.telephone:
        html += (
            '<p><a class="fr-link fr-icon-phone-line fr-link--icon-left" '
            f'href="tel:{escape(carte.telephone_lien)}"><span class="fr-sr-only">Appeler {titre}, </span>'
            f"{escape(carte.telephone)}</a></p>"
        )
    return html


def _itineraire(carte: Carte, titre: str) -> str:
    """Le départ est celui du site qui s’ouvre : l’adresse cherchée ne part pas d’ici."""
    if not carte.itineraire:
        return ""
    return (
        f' <a class="fr-link fr-link--sm" target="_blank" rel="noopener noreferrer" href="{escape(carte.itineraire)}">'
        f'Itinéraire<span class="fr-sr-only"> vers {titre} (nouvel onglet)</span></a>'
    )


def _contact(carte: Carte) -> str:
    contact = carte.contact
    if contact is None:
        return ""
    html = ""
    if contact.telephone:
        html = (
            '<a class="fr-link fr-icon-phone-line fr-link--icon-left" '
            f'href="tel:{escape(contact.telephone_lien)}">{escape(contact.telephone)}</a> '
            "réservé à la régulation. "
        )
    if contact.heures:
        html += f"Appeler de préférence\u00a0: {escape(contact.heures)}"
    return f'<p class="sas-carte__details">{html}</p>'


def _informations(carte: Carte) -> str:
    if not carte.infos:
        return ""
    if not carte.infos_debut:
        return f'<p class="sas-infos">{escape(carte.infos)}</p>'
    return (
        '<details class="sas-infos"><summary>'
        f'<span class="sas-infos__debut">{escape(carte.infos_debut)}</span> '
        '<span class="sas-lien sas-plus__voir">Voir plus</span>'
        '<span class="sas-lien sas-plus__cacher">Voir moins</span>'
        '<span class="fr-sr-only"> d’informations complémentaires</span></summary>'
        f"<p>{escape(carte.infos)}</p></details>"
    )


def _raison(carte: Carte) -> str:
    if not carte.raison:
        return ""
    return (
        '<p class="sas-carte__raison"><span class="fr-sr-only">Place dans la liste : </span>'
        f"{escape(carte.raison)}</p>"
    )


def _agenda(carte: Carte, signaux: Sequence[str], titre: str, *, oriente_en_sus: bool) -> str:
    if carte.est_libre:
        html = f'<div class="sas-jours">{carte.jours}</div>'
    else:
        html = '<p class="sas-carte__vide">Aucun créneau libre dans les 3 jours.</p>'
    html += "".join(f'<p class="sas-carte__signal">{escape(signal)}</p>' for signal in signaux)
    if carte.en_sus and oriente_en_sus:
        html += (
            f'<a class="fr-btn fr-btn--secondary fr-btn--sm" href="{escape(carte.lien_en_sus)}">'
            f'Orientation hors disponibilité<span class="fr-sr-only"> vers {titre}</span></a>'
        )
    elif carte.relais and oriente_en_sus:
        html += (
            '<button class="fr-btn fr-btn--secondary fr-btn--sm" form="affinage" name="elargir" '
            f'value="{carte.relais.marche}">{carte.relais.bouton}'
            f'<span class="fr-sr-only">, à défaut de {titre}</span></button>'
        )
    return html


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


def _carte(
    offre: Offre,
    maintenant: datetime,
    liens: Liens | None,
    contact: Contact | None,
    cpts: CptsGroupee | None,
    *,
    forfait: bool,
) -> Carte:
    affiche, lien = ecrire_telephone(offre.lieu.telephone)
    infos = offre.lieu.informations.strip()
    fuseau = ZoneInfo(offre.lieu.fuseau)
    return Carte(
        lieu_id=int(offre.lieu.id[1:]),
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
        accueil=accueil_en_clair(offre.lieu.accueil, offre.lieu.langues),
        contact=contact,
        est_libre=offre.groupe in (Groupe.LIBRE_PARTICIPANT, Groupe.LIBRE) or bool(offre.creneaux),
        participe=offre.participe,
        en_sus=offre.en_sus,
        lien_en_sus=liens.en_sus.replace(MARQUE, offre.lieu.id) if liens else "",
        jours=colonnes(offre.creneaux, aujourd_hui=maintenant.astimezone(fuseau).date(), liens=liens),
        fuseau_autre=offre.lieu.fuseau != FUSEAU_DE_PARIS,
        medecin_traitant=offre.groupe == Groupe.MEDECIN_TRAITANT,
        via=_via(offre),
        relais=_RELAIS.get(offre.via),
        forfait=forfait,
        cpts=cpts,
        itineraire=_vers(offre),
    )


def _vers(offre: Offre) -> str:
    """Adresse du site d’itinéraire configuré, où n’entre que le lieu d’exercice, public ; vide s’il n’y en a pas."""
    lien: str = settings.ITINERAIRE_LIEN
    if not lien:
        return ""
    lieu = offre.lieu
    valeurs = {"lat": f"{lieu.lat:.5f}", "lon": f"{lieu.lon:.5f}", "adresse": adresse(offre)}
    for nom, valeur in valeurs.items():
        lien = lien.replace(f"{{{nom}}}", quote(valeur, safe=""))
    return lien


def _via(offre: Offre) -> str:
    if offre.via == Modalite.CPTS:
        return f" via {_la_cpts(offre.cpts)}"
    relais = _RELAIS.get(offre.via)
    return relais.via if relais else ""


def _la_cpts(nom: str) -> str:
    return f"la {nom}" if nom.upper().startswith("CPTS") else f"la CPTS {nom}".rstrip()


def _details(offre: Offre) -> str:
    parties: list[str] = []
    if offre.effecteur is not None:
        parties += [s for s in offre.effecteur.specialites if s != offre.effecteur.profession]
        parties.append(offre.effecteur.conventionnement)
        if offre.structure is not None:
            parties.append(offre.structure.nom)
    elif offre.structure is not None and offre.lieu.nom != offre.structure.nom:
        parties.append(offre.lieu.nom)  # le point fixe : une association en a plusieurs (S-85)
    return " · ".join(partie for partie in parties if partie)


def _couper(texte: str) -> str:
    debut = texte[:INFORMATIONS_COURTES]
    return f"{debut.rsplit(' ', 1)[0]}…" if " " in debut else f"{debut}…"
