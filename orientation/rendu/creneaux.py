"""Les trois colonnes de jours d’une carte, et leurs créneaux."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from html import escape

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from agenda.domaine.offre import JOURS_MONTRES
from agenda.enums import ModaliteConsultation
from agenda.offre import CreneauOffert
from orientation.rendu.textes import LETTRES, fraicheur, ouvert_aux_cpts
from sas_platform.socle.francais import JOURS, MOIS, heure

CRENEAUX_PAR_JOUR = 4
# Une bulle ne se lit ni au clavier ni au doigt, et peu de lecteurs d’écran la disent : le type s’écrit aussi en entier.
_LETTRES_HTML = {
    modalite: f'<abbr class="sas-modalite" aria-hidden="true" title="{libelle}">{lettre}</abbr>'
    f'<span class="fr-sr-only">, {libelle.lower()}</span>'
    for modalite, lettre in LETTRES.items()
    for libelle in (str(ModaliteConsultation(modalite).label),)
}
# Marque de remplacement des adresses : `reverse` coûte plus que tout le reste d’un créneau.
MARQUE = "IDENTIFIANT"


@dataclass(frozen=True, slots=True)
class Liens:
    """Modèles d’adresses où `MARQUE` tient la place de l’identifiant du créneau."""

    orienter: str
    tenir: str
    rediriger: str
    en_sus: str

    @classmethod
    def vers(cls, jeton: str) -> Liens:
        suite = f"?recherche={escape(jeton)}" if jeton else ""
        return cls(
            orienter=_modele("orientation:orienter", "creneau_id") + suite,
            tenir=_modele("suivi:tenir", "creneau_id"),
            rediriger=_modele("orientation:rediriger", "creneau_id"),
            en_sus=_modele("orientation:orienter_en_sus", "lieu_id") + suite,
        )


def colonnes(creneaux: Iterable[CreneauOffert], *, aujourd_hui: date, liens: Liens | None) -> SafeString:
    """Trois colonnes, aujourd’hui d’abord, à la date du lieu (W-19c).

    La source et la fraîcheur sont dites une fois si tous les créneaux les
    partagent, sinon sur chacun.
    """
    montres = list(creneaux)
    sources = {(creneau.source, creneau.editeur, creneau.age_s, creneau.est_ancien) for creneau in montres}
    commune = fraicheur(montres[0]) if len(sources) == 1 else ""
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
    lettres = _lettres(creneau.modalites)
    suite = f'<span class="sas-creneau__source">{escape(fraicheur(creneau))}</span>' if source else ""
    if creneau.cpts:
        suite += f'<span class="sas-creneau__source">{escape(ouvert_aux_cpts(creneau.cpts))}</span>'
    ancien = " sas-creneau--ancien" if creneau.est_ancien else ""
    debut = heure(creneau.debut)
    if creneau.source != "agenda_sas":
        contenu = f'<span class="sas-creneau__heure">{debut}</span> {lettres}{suite}'
        if not creneau.lien:
            return (
                f'<li><span class="sas-creneau sas-creneau--telephone{ancien}">'
                f'{contenu}<span class="fr-sr-only"> (par téléphone)</span></span></li>'
            )
        if liens is None:
            return f'<li><span class="sas-creneau{ancien}">{contenu}</span></li>'
        action = liens.rediriger.replace(MARQUE, creneau.id)
        return (
            f'<li><button class="sas-creneau sas-creneau--editeur{ancien}" form="redirection" formaction="{action}">'
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
    garde, tenir = "", ""
    if creneau.tenue_jusqu_a is not None:
        garde = " sas-creneau--garde"
        contenu += (
            f'<span class="sas-creneau__garde">tenue par vous jusqu’à {heure(creneau.tenue_jusqu_a)}</span>'
        )
    else:
        # Vise le formulaire « tenir » de la page (`orientation/_redirection.html`).
        tenir = (
            f'<button class="sas-tenir" form="tenir" formaction="{liens.tenir.replace(MARQUE, creneau.id)}">'
            f'Tenir<span class="fr-sr-only"> la place le temps d’un appel, {quand}, {debut}</span></button>'
        )
    return (
        f'<li><a class="sas-creneau{garde}" href="{liens.orienter.replace(MARQUE, creneau.id)}">'
        f'<span class="fr-sr-only">Adresser un patient, {quand}, </span>{contenu}</a>{tenir}</li>'
    )


@cache
def _lettres(modalites: tuple[str, ...]) -> str:
    return "".join(_LETTRES_HTML.get(modalite, "") for modalite in modalites)


@cache
def _modele(route: str, parametre: str) -> str:
    return reverse(route, kwargs={parametre: MARQUE})
