"""Pages HTML de l’éditeur simulé : connexion déléguée, créneau, rendez-vous, place de marché."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from urllib.parse import urlencode

from sas_platform.demo.editeur_simule.comptes import CompteTenu
from sas_platform.demo.editeur_simule.rendez_vous import RendezVous, Statut
from sas_platform.demo.editeur_simule.titulaires import Creneau, Praticien, Titulaire
from sas_platform.socle.francais import JOURS

Propose = tuple[Titulaire, int, Creneau]

_STATUTS = {
    Statut.PRIS: "pris",
    Statut.HONORE: "honoré",
    Statut.NON_HONORE: "non honoré",
    Statut.ANNULE: "annulé",
}
_SUITES = {
    Statut.HONORE: "Le patient est venu",
    Statut.NON_HONORE: "Le patient n’est pas venu",
    Statut.ANNULE: "Annuler",
}
_CADRE = """<!doctype html>
<html lang="fr">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{titre} – {editeur}</title>
<style>body{{max-width:40rem;margin:0 auto;padding:1rem;font:1rem/1.5 sans-serif}}
button{{font:inherit;padding:.5rem 1rem}} ul{{padding:0;list-style:none}} nav a{{margin-right:1rem}}
li{{border-top:1px solid #bbb;padding:.5rem 0}} form{{margin:.5rem 0}}</style></head>
<body><header><p>{editeur}, éditeur simulé</p></header>
<main><h1>{titre}</h1>
{corps}
</main>
<footer><p>Données fictives. Démonstration du service d’accès aux soins.</p></footer>
</body></html>
"""


def connexion_requise(editeur: str) -> str:
    """Sans `origin`, l’accès du SAS est fermé, même à un régulateur connu et connecté."""
    corps = (
        "<p>Erreur de connexion : ouvrez cette page depuis la plateforme SAS, "
        "ou saisissez vos identifiants de connexion (login).</p>"
    )
    return _page(editeur, "Connexion", corps)


def connexion_deleguee(editeur: str, comptes: Iterable[CompteTenu], suite: str) -> str:
    """Page de connexion du SAS, simulée : qui se présente parmi les comptes que la plateforme a ouverts ici."""
    corps = (
        "<p>Service d’accès aux soins, ministère de la santé et de la prévention.<br>"
        "Connexion déléguée par Pro Santé Connect (simulé).</p>"
    )
    choix = "".join(
        f'<p><button name="compte" value="{compte.id}">{escape(f"{compte.prenom} {compte.nom}")}</button></p>'
        for compte in comptes
    )
    if choix:
        corps += (
            '<form method="post" action="/connexion">'
            f'<input type="hidden" name="suite" value="{escape(suite)}">{choix}</form>'
        )
    else:
        corps += (
            "<p>La plateforme n’a encore ouvert aucun compte de régulateur ici : "
            "connectez-vous d’abord à la plateforme.</p>"
        )
    return _page(editeur, "S’identifier avec Pro Santé Connect", corps)


def acces_ferme(editeur: str) -> str:
    return _page(editeur, "Accès fermé", "<p>Erreur : la plateforme a fermé cet accès.</p>")


def creneau_propose(editeur: str, propose: Propose, origine: str) -> str:
    if propose[2].sans_rendez_vous:
        suite = "<p>Sans rendez-vous : le patient se présente à cette adresse.</p>"
    else:
        suite = _formulaire(
            "/rdv/prendre", {"creneau": propose[2].id, "origin": origine}, "Prendre ce rendez-vous"
        )
    return _page(editeur, "Rendez-vous", _description(propose) + suite + _liens(origine))


def rendez_vous_pris(editeur: str, rendez_vous: RendezVous, origine: str) -> str:
    propose = (rendez_vous.titulaire, rendez_vous.rang, rendez_vous.creneau)
    corps = f'<p role="status">Le rendez-vous est pris.</p>{_description(propose)}'
    return _page(editeur, "Rendez-vous pris", corps + _transmission(rendez_vous) + _liens(origine))


def creneau_indisponible(editeur: str) -> str:
    return _page(editeur, "Créneau indisponible", "<p>Ce créneau n’est plus libre.</p>")


def mes_rendez_vous(editeur: str, rendez_vous: Iterable[RendezVous], origine: str) -> str:
    lignes = "".join(_ligne(un, origine) for un in rendez_vous)
    corps = f"<ul>{lignes}</ul>" if lignes else "<p>Aucun rendez-vous.</p>"
    return _page(editeur, "Rendez-vous du service d’accès aux soins", corps + _liens(origine))


def place_de_marche(editeur: str, ville: str, proposes: Iterable[Propose], origine: str) -> str:
    """Les prochains créneaux de tous les clients de l’éditeur, dans une ville ou partout."""
    recherche = (
        '<form method="get" action="/place-de-marche">'
        f'<input type="hidden" name="origin" value="{escape(origine)}">'
        f'<label>Ville <input name="ville" value="{escape(ville)}"></label>'
        "<button>Chercher</button></form>"
    )
    lignes = "".join(
        f'<li>{_description(p)}<a href="{_lien("/rdv/agenda", origine, creneau=p[2].id)}">Voir</a></li>'
        for p in proposes
    )
    resultats = f"<ul>{lignes}</ul>" if lignes else "<p>Aucun créneau.</p>"
    return _page(editeur, "Place de marché", recherche + resultats + _liens(origine))


def _ligne(rendez_vous: RendezVous, origine: str) -> str:
    propose = (rendez_vous.titulaire, rendez_vous.rang, rendez_vous.creneau)
    boutons = ""
    if rendez_vous.statut == Statut.PRIS:
        boutons = "".join(
            _formulaire("/rdv/statut", {"rdv": rendez_vous.id, "statut": statut, "origin": origine}, libelle)
            for statut, libelle in _SUITES.items()
        )
    etat = f"<p>Rendez-vous {_STATUTS[rendez_vous.statut]}.</p>"
    return f"<li>{_description(propose)}{etat}{_transmission(rendez_vous)}{boutons}</li>"


def _transmission(rendez_vous: RendezVous) -> str:
    etat = rendez_vous.transmission or "aucun retour n’est configuré"
    return f"<p>Annonce à la plateforme : {escape(etat)}.</p>"


def _formulaire(action: str, champs: dict[str, str], libelle: str) -> str:
    caches = "".join(f'<input type="hidden" name="{n}" value="{escape(v)}">' for n, v in champs.items())
    return f'<form method="post" action="{action}">{caches}<button type="submit">{libelle}</button></form>'


def _liens(origine: str) -> str:
    rendez_vous, marche = _lien("/rdv/liste", origine), _lien("/place-de-marche", origine)
    return (
        f'<nav><a href="{rendez_vous}">Rendez-vous pris</a> '
        f'<a href="{marche}">Chercher un autre créneau</a></nav>'
    )


def _lien(chemin: str, origine: str, **parametres: str) -> str:
    return escape(f"{chemin}?{urlencode({**parametres, 'origin': origine})}")


def _description(propose: Propose) -> str:
    titulaire, rang, creneau = propose
    lieu, debut = titulaire.lieux[rang], creneau.debut
    qui = (
        f"{titulaire.prenom} {titulaire.nom}".strip()
        if isinstance(titulaire, Praticien)
        else ", ".join(dict.fromkeys(filter(None, (titulaire.nom, lieu.nom))))
    )
    quand = f"{JOURS[debut.weekday()]} {debut:%d/%m/%Y}, de {debut:%H:%M} à {creneau.fin:%H:%M}"
    return (
        f"<p>{escape(qui)}<br>{escape(lieu.ligne)}, {escape(lieu.code_postal)} {escape(lieu.ville)}<br>"
        f"{quand}<br>{escape(creneau.motif)}</p>"
    )


def _page(editeur: str, titre: str, corps: str) -> str:
    return _CADRE.format(editeur=escape(editeur), titre=titre, corps=corps)
